//! The long-lived key for pseudonyms (decision 10): read from a file, never printed, never stored beside the data.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::Error;

/// Fewest bytes of a key: the width of SHA-256.
const KEY_BYTES: usize = 32;
/// Bytes of a pseudonym that are kept; 128 bits make a collision within a country impossible in practice.
const PSEUDONYM_BYTES: usize = 16;
/// Between provider and value, so that no two pairs give the same text.
const SEPARATOR: u8 = 0x1f;

/// A key of at least 32 bytes.
pub struct Key {
    keyed: Hmac<Sha256>,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

impl Key {
    /// Reads a key: at least 64 hexadecimal digits; white space is ignored.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let error = |reason: String| Error::Key { path: path.to_path_buf(), reason };
        let text = fs::read_to_string(path).map_err(|source| error(source.to_string()))?;
        let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if digits.len() < 2 * KEY_BYTES || !digits.len().is_multiple_of(2) {
            return Err(error(format!("expected at least {} hexadecimal digits, an even number; found {}", 2 * KEY_BYTES, digits.len())));
        }
        let nibble = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
        let bytes: Option<Vec<u8>> = digits.chunks_exact(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect();
        let bytes = bytes.ok_or_else(|| error("expected hexadecimal digits only".to_owned()))?;
        Self::from_bytes(&bytes)
    }

    /// Makes a new key from the system's random source and writes it to a file that only its owner can read. An existing
    /// file is never overwritten: with another key no client of an earlier year is recognised.
    pub fn generate(path: &Path) -> Result<Self, Error> {
        let error = |source: std::io::Error| Error::Key { path: path.to_path_buf(), reason: source.to_string() };
        let mut bytes = [0u8; KEY_BYTES];
        File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)).map_err(error)?;
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(error)?;
        file.write_all(format!("{}\n", hexadecimal(&bytes)).as_bytes()).and_then(|()| file.sync_all()).map_err(error)?;
        Self::from_bytes(&bytes)
    }

    /// A key for pipelines that pseudonymise no column. It protects nothing.
    pub fn unused() -> Result<Self, Error> {
        Self::from_bytes(&[0; KEY_BYTES])
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let keyed = Hmac::<Sha256>::new_from_slice(bytes).map_err(|_| Error::Bug("a key of any length must do".to_owned()))?;
        Ok(Self { keyed })
    }

    /// Pseudonyms of one provider.
    pub(crate) fn of_provider(&self, provider: &[u8]) -> Pseudonyms {
        let mut keyed = self.keyed.clone();
        keyed.update(provider);
        keyed.update(&[SEPARATOR]);
        Pseudonyms { keyed }
    }

    /// Says whether two runs used the same key, and nothing else about it.
    pub fn fingerprint(&self) -> String {
        let mut keyed = self.keyed.clone();
        keyed.update(b"spiegel key fingerprint");
        hexadecimal(&keyed.finalize().into_bytes()[..8])
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self::from_bytes(&[7; KEY_BYTES]).unwrap()
    }
}

/// Pseudonyms under one key and provider.
pub(crate) struct Pseudonyms {
    keyed: Hmac<Sha256>,
}

impl Pseudonyms {
    /// Appends the pseudonym of a value, 32 hexadecimal digits.
    pub(crate) fn append(&self, value: &[u8], out: &mut Vec<u8>) {
        let mut keyed = self.keyed.clone();
        keyed.update(value);
        let code = keyed.finalize().into_bytes();
        for byte in &code[..PSEUDONYM_BYTES] {
            out.extend_from_slice(&[HEXADECIMAL[usize::from(byte >> 4)], HEXADECIMAL[usize::from(byte & 15)]]);
        }
    }
}

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(HEXADECIMAL[usize::from(nibble)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_file_needs_thirty_two_bytes_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "abcd").unwrap();
        assert!(Key::from_file(&path).is_err());
        fs::write(&path, "zz".repeat(32)).unwrap();
        let message = Key::from_file(&path).unwrap_err().to_string();
        assert!(!message.contains("zzzz"), "{message}");
        let fresh = folder.path().join("fresh");
        let key = Key::generate(&fresh).unwrap();
        assert_eq!(format!("{key:?}"), "Key(…)");
        assert_eq!(Key::from_file(&fresh).unwrap().fingerprint(), key.fingerprint());
        assert!(Key::generate(&fresh).is_err(), "an existing key is kept");
    }

    #[test]
    fn pseudonym_is_the_hmac_of_provider_and_value() {
        // python3: hmac.new(bytes([7])*32, b"94012345\x1fC001", "sha256").hexdigest()[:32]
        let mut out = Vec::new();
        Key::for_tests().of_provider(b"94012345").append(b"C001", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "eacf08c27e8098dd3833bb29c8a44e55");
    }
}
