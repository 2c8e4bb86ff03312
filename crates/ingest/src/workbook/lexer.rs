//! Looks at XML byte by byte while it is inflated, before anything parses it: no document type, and no piece that is longer
//! than a parser should have to hold.

/// E014: longest text or tag. A cell holds at most 32,767 characters.
pub(super) const PIECE_BYTES_MAXIMUM: usize = 1 << 20;
/// A tag by which one workbook asks another program for data.
const DYNAMIC_DATA: &[u8] = b"ddeLink";
const NAME_BYTES: usize = 16;

enum State {
    Text,
    /// Behind a `<`, while its kind is not yet known.
    Open,
    Tag {
        quote: u8,
        in_name: bool,
    },
    Comment,
    Data,
    Instruction,
}

/// Reads on, block by block.
pub(super) struct Lexer {
    state: State,
    piece: usize,
    name: [u8; NAME_BYTES],
    length: usize,
    /// The last two bytes, to know the end of a comment or of data.
    tail: [u8; 2],
    /// A tag asks another program for data.
    pub(super) asks_other_programs: bool,
}

impl Lexer {
    pub(super) fn new() -> Self {
        Self { state: State::Text, piece: 0, name: [0; NAME_BYTES], length: 0, tail: [0; 2], asks_other_programs: false }
    }

    /// Takes a block; the error is the code of what is wrong.
    pub(super) fn take(&mut self, block: &[u8]) -> Result<(), &'static str> {
        // Without its NULs, UTF-16 is read as well.
        for byte in block.iter().copied().filter(|byte| *byte != 0) {
            self.byte(byte)?;
        }
        Ok(())
    }

    fn byte(&mut self, byte: u8) -> Result<(), &'static str> {
        self.piece += 1;
        if self.piece > PIECE_BYTES_MAXIMUM {
            return Err("E014");
        }
        let ends = |tail: [u8; 2], mark: &[u8]| byte == b'>' && tail.ends_with(mark);
        let next = match &mut self.state {
            State::Text => (byte == b'<').then_some(State::Open),
            State::Open => {
                self.push(byte);
                self.opened(byte)?
            }
            State::Tag { quote, in_name } => {
                *in_name &= byte.is_ascii_alphanumeric() || byte == b':';
                let in_name = *in_name;
                let mut end = false;
                match (*quote, byte) {
                    (0, b'"' | b'\'') => *quote = byte,
                    (0, b'>') => end = true,
                    (open, _) if open == byte => *quote = 0,
                    _ => {}
                }
                if in_name {
                    self.push(byte);
                }
                if end {
                    self.asks_other_programs |= self.name[..self.length].ends_with(DYNAMIC_DATA);
                }
                end.then_some(State::Text)
            }
            State::Comment => ends(self.tail, b"--").then_some(State::Text),
            State::Data => ends(self.tail, b"]]").then_some(State::Text),
            State::Instruction => ends(self.tail, b"?").then_some(State::Text),
        };
        self.tail = [self.tail[1], byte];
        if let Some(next) = next {
            (self.piece, self.tail) = (0, [0; 2]);
            if matches!(next, State::Open) {
                self.length = 0;
            }
            self.state = next;
        }
        Ok(())
    }

    fn push(&mut self, byte: u8) {
        if self.length < NAME_BYTES {
            self.name[self.length] = byte;
            self.length += 1;
        }
    }

    /// What begins here, as soon as that is known.
    fn opened(&self, byte: u8) -> Result<Option<State>, &'static str> {
        let name = &self.name[..self.length];
        Ok(match name {
            [b'?', ..] => Some(State::Instruction),
            b"!--" => Some(State::Comment),
            b"![CDATA[" => Some(State::Data),
            [b'!', ..] if b"!--".starts_with(name) || b"![CDATA[".starts_with(name) => None,
            // E018: a document type, an entity or another declaration.
            [b'!', ..] => return Err("E018"),
            _ if byte == b'>' => Some(State::Text),
            _ => Some(State::Tag { quote: 0, in_name: true }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(text: &[u8]) -> Result<bool, &'static str> {
        let mut lexer = Lexer::new();
        // Byte by byte: blocks may be cut anywhere.
        text.chunks(1).try_for_each(|block| lexer.take(block))?;
        Ok(lexer.asks_other_programs)
    }

    #[test]
    fn document_types_are_found_in_every_encoding() {
        assert_eq!(lexed(b"<?xml version=\"1.0\"?><a b='<!DOCTYPE'><!-- <!DOCTYPE --><![CDATA[<!ENTITY]]>x</a>"), Ok(false));
        assert_eq!(lexed(b"<?xml version=\"1.0\"?><!DOCTYPE a []><a/>"), Err("E018"));
        assert_eq!(lexed(b"<a><!ENTITY lol 'lol'></a>"), Err("E018"));
        let wide: Vec<u8> = "\u{feff}<!DOCTYPE a>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(lexed(&wide), Err("E018"));
        assert_eq!(lexed(b"<externalLink><ddeLink a='1'/></externalLink>"), Ok(true));
        assert_eq!(lexed(b"<x:ddeLink a='1'/>"), Ok(true));
    }

    #[test]
    fn no_piece_is_longer_than_a_parser_should_hold() {
        for (before, after) in [("<t>", "</t>"), ("<a b='", "'/>"), ("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?x ", "?>")] {
            let of = |length: usize| format!("<r>{before}{}{after}</r>", ">".repeat(length));
            assert_eq!(lexed(of(1000).as_bytes()), Ok(false), "{before}");
            assert_eq!(lexed(of(PIECE_BYTES_MAXIMUM + 1).as_bytes()), Err("E014"), "{before}");
        }
    }
}
