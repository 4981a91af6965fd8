//! A code in a link.

use crate::error::{Code, Error, Result};

/// The parameter of a link that holds the code.
pub const LINK_PARAMETER: &str = "s";
/// The longest link that is made or read.
const MAX_LINK_BYTES: usize = 2048;

/// A link to a page of the shop with a code in it, before the fragment if there is one.
///
/// # Errors
/// [`Code::InvalidValue`] for a page that is no link of http or https, or has a code already.
///
/// ```
/// use fenrun::reward::share::{code_in_link, link};
/// let page = link("https://shop.example/p/7?color=red#top", "AQEAAAAA")?;
/// assert_eq!(page, "https://shop.example/p/7?color=red&s=AQEAAAAA#top");
/// assert_eq!(code_in_link(&page), Some("AQEAAAAA"));
/// # Ok::<(), fenrun::Error>(())
/// ```
pub fn link(page: &str, code: &str) -> Result<String> {
    let fault = |rule: &str| Err(Error::new(Code::InvalidValue, format!("the page {page:?} {rule}")));
    let host = page.strip_prefix("https://").or_else(|| page.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.starts_with(['/', '?', '#'])) {
        return fault("is no link of https or http");
    }
    if page.len() + code.len() + 3 > MAX_LINK_BYTES {
        let rule = format!("the page has {} bytes; a link has at most {MAX_LINK_BYTES}", page.len());
        return Err(Error::new(Code::InvalidValue, rule));
    }
    if page.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return fault("holds a blank or a control character");
    }
    if code_in_link(page).is_some() {
        return fault("has a share code already");
    }
    let (before, fragment) = page.find('#').map_or((page, ""), |at| page.split_at(at));
    let join = match before.find('?') {
        None => "?",
        // A second question mark belongs to a value.
        Some(at) if at + 1 == before.len() || before.ends_with('&') => "",
        Some(_) => "&",
    };
    Ok(format!("{before}{join}{LINK_PARAMETER}={code}{fragment}"))
}

/// The code in a link, if it has one.
#[must_use]
pub fn code_in_link(link: &str) -> Option<&str> {
    let before = link.split('#').next()?;
    let (_, query) = before.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(LINK_PARAMETER)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_mark_at_the_end_of_a_value_takes_no_code() {
        for page in ["http://x/?a=1?", "http://x/?", "http://x/?a&", "http://x/??", "http://x"] {
            assert_eq!(code_in_link(&link(page, "AQEA").unwrap()), Some("AQEA"), "{page}");
        }
    }

    #[test]
    fn links_keep_what_they_have() {
        for (page, wanted) in [
            ("https://a.b", "https://a.b?s=X"),
            ("http://a.b/?", "http://a.b/?s=X"),
            ("https://a.b/?q=1", "https://a.b/?q=1&s=X"),
            ("https://a.b/#/p?q", "https://a.b/?s=X#/p?q"),
        ] {
            assert_eq!(link(page, "X").unwrap(), wanted);
            assert_eq!(code_in_link(wanted), Some("X"));
        }
        for page in ["", "a.b", "ftp://a.b", "https://", "https:///x", "https://a.b/ x", "https://a.b?s=Y"] {
            assert_eq!(link(page, "X").unwrap_err().code(), Code::InvalidValue, "{page}");
        }
        assert_eq!(code_in_link("https://a.b?q=s=1#s=2"), None);
    }
}
