//! A lake of releases in an object store, `s3://bucket/prefix`: read where it lies, and written with what makes a release whole last.
//! Keys and server come from the usual environment variables (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …) and are never told.

use std::error::Error as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as ObjectPath;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig};
use tokio::runtime::Runtime;

use crate::Error;

/// What it does in the place of what the caller asked: tries once more, so often.
const RETRIES: usize = 4;
/// Somebody waits at a prompt.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where instances of a cloud find keys that nobody gave.
const METADATA_SERVICE: &str = "169.254.169.254";

/// A place in an object store that holds `index.json` and `releases/`.
pub struct ReleaseStore {
    runtime: Runtime,
    store: Arc<dyn ObjectStore>,
    bucket: String,
    prefix: ObjectPath,
    server: String,
}

impl ReleaseStore {
    /// True when a text names an object store, or some other place that is no folder.
    #[must_use]
    pub fn is_address(text: &str) -> bool {
        text.split_once("://").is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(|letter| letter.is_ascii_alphanumeric()))
    }

    /// The place that `address` names. Nothing is asked of the server yet.
    ///
    /// # Errors
    /// [`Error::Store`] when it is no such address, or the settings in the environment cannot be used.
    pub fn open(address: &str) -> Result<Self, Error> {
        const FORM: &str = "write s3://bucket/prefix; the server of another provider than Amazon goes into AWS_ENDPOINT_URL";
        let wrong = |message: String, remedy: &str| Error::Store { address: address.to_owned(), message, remedy: remedy.to_owned(), is_usage: true };
        let (scheme, rest) = address.split_once("://").unwrap_or_default();
        if !["s3", "s3a"].contains(&scheme) {
            return Err(wrong(format!("`{scheme}://` is no object store that this program can read"), FORM));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |letter: u8| letter.is_ascii_alphanumeric() || b".-_".contains(&letter);
        if bucket.is_empty() || !bucket.bytes().all(is_name) {
            return Err(wrong(format!("`{bucket}` is no name of a bucket"), FORM));
        }
        let prefix = ObjectPath::parse(prefix.trim_matches('/')).map_err(|error| wrong(error.to_string(), FORM))?;
        if prefix.as_ref().contains(['*', '?', '[', '%']) {
            return Err(wrong("a prefix with *, ?, [ or % cannot be queried".to_owned(), FORM));
        }
        let runtime = runtime(1)?;
        let store = client(bucket).map_err(|error| {
            wrong(whole_text(&error), "check the environment variables that begin with AWS_")
        })?;
        Ok(Self { runtime, store, bucket: bucket.to_owned(), prefix, server: server() })
    }

    /// `s3://bucket/prefix`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address_of("")
    }

    /// The address of a file or folder in it.
    pub(crate) fn address_of(&self, path: &str) -> String {
        let parts = [self.bucket.as_str(), self.prefix.as_ref(), path];
        format!("s3://{}", parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
    }

    fn path(&self, path: &str) -> ObjectPath {
        path.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// A client of its own for another runtime: connections live in the runtime that opened them.
    pub(crate) fn for_engine(&self) -> Result<(ObjectStoreUrl, Arc<dyn ObjectStore>), Error> {
        let url = ObjectStoreUrl::parse(format!("s3://{}", self.bucket)).map_err(|error| Error::Bug(error.to_string()))?;
        let store = client(&self.bucket).map_err(|error| self.told("", &error))?;
        Ok((url, store))
    }

    /// The bytes of a file; None when there is no such file.
    ///
    /// # Errors
    /// [`Error::Store`] when there is no such bucket, or the server does not answer as it should.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let found = self.runtime.block_on(async { self.store.get(&self.path(path)).await?.bytes().await });
        match found {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(error @ object_store::Error::NotFound { .. }) if !is_about_bucket(&error) => Ok(None),
            Err(error) => Err(self.told(path, &error)),
        }
    }

    /// Names of the folders in a folder, sorted; none when it is not there.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn folders(&self, path: &str) -> Result<Vec<String>, Error> {
        let found = self.runtime.block_on(self.store.list_with_delimiter(Some(&self.path(path)))).map_err(|error| self.told(path, &error))?;
        let mut names: Vec<String> = found.common_prefixes.iter().filter_map(|prefix| prefix.filename().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    /// Copies a folder and all in it to a folder of this machine.
    ///
    /// # Errors
    /// As [`Self::read`]; [`Error::Lake`] when it cannot be written.
    pub fn fetch(&self, path: &str, to: &Path) -> Result<(), Error> {
        let found = self.runtime.block_on(self.store.list_with_delimiter(Some(&self.path(path)))).map_err(|error| self.told(path, &error))?;
        fs::create_dir_all(to).map_err(|error| Error::lake(to, error))?;
        for name in found.objects.iter().filter_map(|object| object.location.filename()) {
            let inside = format!("{path}/{name}");
            // Between the list and the reading it may have been withdrawn.
            let Some(bytes) = self.read(&inside)? else { continue };
            let file = to.join(name);
            fs::write(&file, bytes).map_err(|error| Error::lake(file, error))?;
        }
        for name in self.folders(path)? {
            self.fetch(&format!("{path}/{name}"), &to.join(name))?;
        }
        Ok(())
    }

    /// Writes a file, in the place of what is there.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let payload = PutPayload::from(bytes);
        self.runtime.block_on(self.store.put(&self.path(path), payload)).map(|_| ()).map_err(|error| self.told(path, &error))
    }

    /// Writes a file that is not there yet; false when somebody else wrote another one before.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn write_new(&self, path: &str, bytes: Vec<u8>) -> Result<bool, Error> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let written = self.runtime.block_on(self.store.put_opts(&self.path(path), PutPayload::from(bytes.clone()), options));
        match written {
            Ok(_) => Ok(true),
            // Half of an earlier attempt, or an answer that was lost: the same bytes are no other file.
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(self.read(path)?.is_some_and(|there| there == bytes)),
            Err(error) => Err(self.told(path, &error)),
        }
    }

    /// Removes a file; it need not be there.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn remove(&self, path: &str) -> Result<(), Error> {
        match self.runtime.block_on(self.store.delete(&self.path(path))) {
            Err(error @ object_store::Error::NotFound { .. }) if !is_about_bucket(&error) => Ok(()),
            other => other.map_err(|error| self.told(path, &error)),
        }
    }

    /// Paths of all files in a folder, relative to it, sorted.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn files(&self, path: &str) -> Result<Vec<String>, Error> {
        let found = self.runtime.block_on(self.store.list_with_delimiter(Some(&self.path(path)))).map_err(|error| self.told(path, &error))?;
        let mut files: Vec<String> = found.objects.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect();
        for name in self.folders(path)? {
            files.extend(self.files(&format!("{path}/{name}"))?.into_iter().map(|inside| format!("{name}/{inside}")));
        }
        files.sort();
        Ok(files)
    }

    /// What went wrong, where, and what to do.
    pub(crate) fn told(&self, path: &str, error: &object_store::Error) -> Error {
        let text = whole_text(error);
        let (server, bucket) = (&self.server, &self.bucket);
        let (message, remedy, is_usage) = if is_about_bucket(error) {
            (format!("{server} has no bucket `{bucket}`"), "check the name of the bucket, and the server in AWS_ENDPOINT_URL".to_owned(), true)
        } else if text.contains(METADATA_SERVICE) {
            let remedy = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true for a bucket that everybody may read";
            ("there are no keys to ask it with".to_owned(), remedy.to_owned(), true)
        } else if matches!(error, object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }) {
            let remedy = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for keys that expire, AWS_SESSION_TOKEN; ask the publisher whether these keys may read here";
            (format!("{server} does not accept the keys for bucket `{bucket}`{}", code_in(&text)), remedy.to_owned(), true)
        } else if text.contains("URL scheme is not allowed") || text.contains("InvalidScheme") {
            (format!("{server} is asked without encryption, which is not allowed"), "use https://, or set AWS_ALLOW_HTTP=true for a server on your own network".to_owned(), true)
        } else if text.contains("Connection refused") {
            (format!("nothing answers at {server}"), "check AWS_ENDPOINT_URL, and that the server runs".to_owned(), false)
        } else if text.contains("dns error") || text.contains("lookup address") {
            (format!("{server} cannot be found"), "check AWS_ENDPOINT_URL, AWS_REGION and the network".to_owned(), false)
        } else if text.contains("BareRedirect") || text.contains("incorrectly configured region") {
            (format!("bucket `{bucket}` is in another region"), "set AWS_REGION to the region of the bucket".to_owned(), true)
        } else if let Some(status) = status_in(&text).filter(|status| status.starts_with('5')) {
            (format!("{server} answers {status}, also after {RETRIES} further attempts"), "the server is busy or broken: try again later".to_owned(), false)
        } else if text.contains("timed out") {
            (format!("{server} does not answer in time"), "check AWS_ENDPOINT_URL and the network, and try again".to_owned(), false)
        } else {
            (text.split_whitespace().collect::<Vec<_>>().join(" "), format!("the server is {server}"), false)
        };
        Error::Store { address: self.address_of(path), message, remedy, is_usage }
    }
}

pub(crate) fn runtime(threads: usize) -> Result<Runtime, Error> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(threads.max(1)).enable_all().build().map_err(|error| Error::Bug(format!("no runtime: {error}")))
}

fn client(bucket: &str) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    let retry = RetryConfig {
        backoff: BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2), base: 2.0 },
        max_retries: RETRIES,
        retry_timeout: PATIENCE,
    };
    Ok(Arc::new(AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry).build()?))
}

/// The server as its environment names it.
fn server() -> String {
    // In the order in which the client looks.
    let named = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    named.map_or_else(|| "Amazon S3".to_owned(), |address| address.trim_end_matches('/').to_owned())
}

fn is_about_bucket(error: &object_store::Error) -> bool {
    let text = whole_text(error);
    text.contains("NoSuchBucket") || text.contains("specified bucket does not exist")
}

/// An error with all its causes.
fn whole_text(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        let more = one.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = one.source();
    }
    text
}

/// ` (InvalidAccessKeyId)`: the code that the server gave.
fn code_in(text: &str) -> String {
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    code.map_or_else(String::new, |code| format!(" ({code})"))
}

/// `503 Service Unavailable`, from the text of an error.
fn status_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.split([':', '\n']).next().map(str::trim).filter(|status| status.bytes().take(3).filter(u8::is_ascii_digit).count() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_folder() {
        for address in ["s3://bucket", "s3://bucket/prefix/", "gs://bucket/x", "https://example.com/lake"] {
            assert!(ReleaseStore::is_address(address), "{address}");
        }
        for folder in ["out/release", "/srv/lake", "./s3:/x", "C:\\lake", "://x"] {
            assert!(!ReleaseStore::is_address(folder), "{folder}");
        }
    }

    #[test]
    fn what_is_no_bucket_is_told_with_the_form_that_is() {
        for wrong in ["gs://bucket/x", "https://example.com/lake", "s3://", "s3:///prefix", "s3://a b/c", "s3://bucket/pre*fix"] {
            let Err(Error::Store { address, remedy, is_usage, .. }) = ReleaseStore::open(wrong) else { panic!("{wrong} was taken") };
            assert!(address == wrong && is_usage && remedy.contains("s3://bucket/prefix"), "{wrong}");
        }
    }

    #[test]
    fn a_status_is_found_in_the_words_of_the_client() {
        let text = "Generic S3 error: Error performing GET http://x in 1s - Server returned non-2xx status code: 503 Service Unavailable: <Error><Code>SlowDown</Code>";
        assert_eq!(status_in(text), Some("503 Service Unavailable"));
        assert_eq!(code_in(text), " (SlowDown)");
        assert_eq!((status_in("no answer"), code_in("no answer").as_str()), (None, ""));
    }
}
