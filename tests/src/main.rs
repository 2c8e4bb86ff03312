//! The tests of `spiegel` as its users meet it: through the command, over whole batches, down to the bytes of a PDF.
//! What a single function must do is tested beside that function, in its own crate. See `tests/README.md`.

// How the tests run the command, and the batches that they share.
#[cfg(test)]
mod command;
#[cfg(test)]
#[path = "../fuzz/check.rs"]
mod fuzz_check;
#[cfg(test)]
mod pdf;
#[cfg(test)]
mod tree;

// What the workspace promises.
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod templates;

// What a batch promises.
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod crosschecks;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod designer;
#[cfg(test)]
mod effect;
#[cfg(test)]
mod feedback;
#[cfg(test)]
mod frozen_reference;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod indicators;
#[cfg(test)]
mod keurmerk;
#[cfg(test)]
mod mapping;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod nhs;
#[cfg(test)]
mod overview_page;
#[cfg(test)]
mod packaging;
#[cfg(test)]
mod published;
#[cfg(test)]
mod publisher;
#[cfg(test)]
mod release;
#[cfg(test)]
mod release_attacks;
#[cfg(test)]
mod release_in_store;
#[cfg(test)]
mod release_readers;
#[cfg(test)]
mod submissions;
#[cfg(test)]
mod trace;
#[cfg(test)]
mod truth;
#[cfg(test)]
mod workbooks;
#[cfg(test)]
mod yearly_batch;

// What a report promises.
#[cfg(test)]
mod further_pages;
#[cfg(test)]
mod language;
#[cfg(test)]
mod leak;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod small_group;
#[cfg(test)]
mod text;
#[cfg(test)]
mod visual;

// The methods, against reference numbers.
mod statistics;
