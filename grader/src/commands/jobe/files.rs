use std::collections::{HashMap, VecDeque};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// Bytes that are kept of all files; the oldest go first, and clients send them again.
const MOST: usize = 16 << 20;

/// Files that clients have put here, by the names that they gave them.
#[derive(Debug, Default)]
pub(super) struct Files {
    bytes: HashMap<String, Vec<u8>>,
    order: VecDeque<String>,
    size: usize,
}

impl Files {
    /// Takes in `{"file_contents": "<base64>"}`.
    pub(super) fn put(&mut self, id: &str, body: &str) -> Result<(), &'static str> {
        let body: Value = serde_json::from_str(body).map_err(|_| "the body is not JSON")?;
        let contents = body["file_contents"].as_str().ok_or("no file_contents")?;
        let bytes = BASE64_STANDARD.decode(contents).map_err(|_| "file_contents is not base64")?;
        if id.len() > 128 {
            return Err("the name is too long");
        }
        self.size += bytes.len();
        if let Some(old) = self.bytes.insert(id.to_owned(), bytes) {
            self.size -= old.len();
        } else {
            self.order.push_back(id.to_owned());
        }
        while self.size > MOST && self.order.len() > 1 {
            let oldest = self.order.pop_front().and_then(|id| self.bytes.remove(&id));
            self.size -= oldest.map_or(0, |bytes| bytes.len());
        }
        Ok(())
    }

    pub(super) fn get(&self, id: &str) -> Option<&[u8]> {
        self.bytes.get(id).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &[u8]) -> String {
        serde_json::json!({ "file_contents": BASE64_STANDARD.encode(bytes) }).to_string()
    }

    #[test]
    fn a_file_is_kept_under_its_name_and_can_be_replaced() {
        let mut files = Files::default();
        files.put("a", &body(b"one")).unwrap();
        files.put("a", &body(b"three")).unwrap();
        assert_eq!(files.get("a"), Some(&b"three"[..]));
        assert_eq!((files.size, files.get("b")), (5, None));
        assert!(files.put("a", "{}").is_err() && files.put("a", "x").is_err());
    }

    #[test]
    fn what_is_kept_does_not_grow_without_end() {
        let mut files = Files::default();
        let large = body(&vec![7; MOST / 3]);
        for name in ["a", "b", "c", "d", "e"] {
            files.put(name, &large).unwrap();
        }
        assert!(files.size <= MOST);
        assert_eq!((files.get("a"), files.get("e").is_some()), (None, true));
    }
}
