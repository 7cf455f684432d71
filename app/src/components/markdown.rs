//! Markdown as views. What an agent or a person wrote is text and stays text: no HTML of theirs, no
//! script, nothing fetched, and no link but to the web or to a mailbox.

use leptos::{html, prelude::*};
use pulldown_cmark::{Alignment, CowStr, Event, Options, Parser, Tag, TextMergeStream};

use crate::components::copy_text::CopyButton;

/// Whether the Tab key stops at something, as the attribute says it.
pub type TabIndex = Signal<&'static str>;

/// How deep elements may lie in each other; what lies deeper is shown without its markup.
const MAX_DEPTH: usize = 12;

/// Shows Markdown.
#[component]
pub fn Markdown(
    /// What somebody wrote.
    #[prop(into)]
    text: String,
    /// Whether the Tab key stops at its links, at its tables, which may scroll, and at what copies its
    /// code.
    #[prop(into)]
    tab_index: TabIndex,
) -> impl IntoView {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut builder = Builder { open: vec![Open::default()], tab_index };
    for event in TextMergeStream::new(Parser::new_ext(&text, options)) {
        builder.take(event);
    }
    view! { <div class="markdown">{builder.finish()}</div> }.into_any()
}

struct Builder<'a> {
    /// The elements around the next one; the first is the whole text.
    open: Vec<Open<'a>>,
    tab_index: TabIndex,
}

#[derive(Default)]
struct Open<'a> {
    /// None: its children stand in for it.
    tag: Option<Tag<'a>>,
    children: Vec<AnyView>,
}

impl<'a> Builder<'a> {
    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(text),
            Event::Html(text) | Event::InlineHtml(text) => self.push(text.into_string().into_any()),
            Event::Code(text) => {
                self.push(view! { <code>{text.into_string()}</code> }.into_any());
            }
            // Who writes in a chat means the line breaks.
            Event::SoftBreak | Event::HardBreak => self.push(view! { <br /> }.into_any()),
            Event::Rule => self.push(view! { <hr /> }.into_any()),
            Event::TaskListMarker(checked) => self.push(
                view! { <input type="checkbox" aria-label="Done" disabled checked=checked /> }
                    .into_any(),
            ),
            // Only with options that are not set.
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        // A list or a table is nothing without what has to be in it.
        let levels = match tag {
            Tag::Table(_) => 3,
            Tag::List(_) => 2,
            _ => 1,
        };
        let is_plain = self.is_inside(|open| open.tag.is_none());
        let is_too_deep = self.open.len() + levels > MAX_DEPTH;
        let is_link = |tag: &Tag<'_>| matches!(tag, Tag::Link { .. } | Tag::Image { .. });
        let is_nested_link =
            is_link(&tag) && self.is_inside(|open| open.tag.as_ref().is_some_and(is_link));
        let is_element = !(is_plain || is_too_deep || is_nested_link);
        self.open.push(Open { tag: is_element.then_some(tag), children: Vec::new() });
    }

    fn end(&mut self) {
        let Some(Open { tag, children }) = self.open.pop() else { return };
        match tag {
            Some(Tag::TableCell) => self.push(self.cell(children)),
            Some(tag) => self.push(element(tag, children, self.tab_index)),
            None => {
                children.into_iter().for_each(|child| self.push(child));
                self.push(" ".into_any());
            }
        }
    }

    /// The next cell of the row that is open.
    fn cell(&self, children: Vec<AnyView>) -> AnyView {
        let [.., Open { tag: Some(Tag::Table(alignments)), .. }, row] = &self.open[..] else {
            return children.into_any();
        };
        let align = match alignments.get(row.children.len()) {
            Some(Alignment::Center) => Some("center"),
            Some(Alignment::Right) => Some("right"),
            _ => None,
        };
        if matches!(row.tag, Some(Tag::TableHead)) {
            view! { <th scope="col" data-align=align dir="auto">{children}</th> }.into_any()
        } else {
            view! { <td data-align=align dir="auto">{children}</td> }.into_any()
        }
    }

    fn text(&mut self, text: CowStr<'a>) {
        let is_linkable = !self.is_inside(|open| {
            matches!(open.tag, Some(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_)))
        });
        if is_linkable && text.contains("://") {
            with_links(&text, self.tab_index).into_iter().for_each(|part| self.push(part));
        } else {
            self.push(text.into_string().into_any());
        }
    }

    /// Whether that holds for any element around the next one.
    fn is_inside(&self, holds: impl Fn(&Open<'a>) -> bool) -> bool {
        self.open.iter().skip(1).any(holds)
    }

    fn push(&mut self, view: AnyView) {
        if let Some(parent) = self.open.last_mut() {
            parent.children.push(view);
        }
    }

    fn finish(self) -> Vec<AnyView> {
        self.open.into_iter().flat_map(|open| open.children).collect()
    }
}

fn element(tag: Tag<'_>, children: Vec<AnyView>, tab_index: TabIndex) -> AnyView {
    match tag {
        Tag::Heading { level, .. } => view! {
            <p class="markdown-heading" data-level=(level as u8).to_string() dir="auto">
                {children}
            </p>
        }
        .into_any(),
        Tag::BlockQuote(_) => view! { <blockquote dir="auto">{children}</blockquote> }.into_any(),
        Tag::CodeBlock(_) => code_block(children, tab_index),
        Tag::List(None) => view! { <ul dir="auto">{children}</ul> }.into_any(),
        Tag::List(Some(first)) => view! {
            <ol start=first.to_string() dir="auto">
                {children}
            </ol>
        }
        .into_any(),
        Tag::Item => view! { <li dir="auto">{children}</li> }.into_any(),
        Tag::Emphasis => view! { <em>{children}</em> }.into_any(),
        Tag::Strong => view! { <strong>{children}</strong> }.into_any(),
        Tag::Strikethrough => view! { <s>{children}</s> }.into_any(),
        Tag::Link { dest_url, .. } => link(&dest_url, children, tab_index),
        Tag::Image { dest_url, .. } => {
            let label = view! { <span>"Image: " {children}</span> };
            link(&dest_url, vec![label.into_any()], tab_index)
        }
        Tag::Table(_) => {
            let mut rows = children.into_iter();
            let head = rows.next();
            view! {
                <div class="markdown-table" role="group" aria-label="Table" tabindex=tab_index>
                    <table>
                        {head} <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
            }
            .into_any()
        }
        Tag::TableHead => view! {
            <thead>
                <tr>{children}</tr>
            </thead>
        }
        .into_any(),
        Tag::TableRow => view! { <tr>{children}</tr> }.into_any(),
        _ => view! { <p dir="auto">{children}</p> }.into_any(),
    }
}

/// Lines of code, and the button that copies them.
fn code_block(children: Vec<AnyView>, tab_index: TabIndex) -> AnyView {
    let code = NodeRef::<html::Code>::new();
    let text =
        move |()| code.get_untracked().and_then(|code| code.text_content()).unwrap_or_default();
    view! {
        <div class="markdown-code">
            <pre>
                <code node_ref=code>{children}</code>
            </pre>
            <div class="markdown-copy">
                <CopyButton text what="Code" tab_index />
            </div>
        </div>
    }
    .into_any()
}

/// A link, if it leads where links may lead; otherwise its words, and where it would lead.
fn link(address: &str, children: Vec<AnyView>, tab_index: TabIndex) -> AnyView {
    if leads_out(address) {
        view! {
            <a
                href=address.to_owned()
                target="_blank"
                rel="noopener noreferrer nofollow"
                tabindex=tab_index
            >
                {children}
            </a>
        }
        .into_any()
    } else {
        view! { <span>{children} " (" {address.to_owned()} ")"</span> }.into_any()
    }
}

fn leads_out(address: &str) -> bool {
    let begins = |scheme: &str| {
        address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    ["https://", "http://", "mailto:"].into_iter().any(begins)
}

/// A text whose addresses of the web are links.
fn with_links(text: &str, tab_index: TabIndex) -> Vec<AnyView> {
    let mut views = Vec::new();
    let mut words = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        match address_in(word) {
            Some((before, address, after)) => {
                words.push_str(before);
                views.push(std::mem::take(&mut words).into_any());
                views.push(link(address, vec![address.to_owned().into_any()], tab_index));
                words.push_str(after);
            }
            None => words.push_str(word),
        }
    }
    views.push(words.into_any());
    views
}

/// The address in a word, with what stands before and after it.
fn address_in(word: &str) -> Option<(&str, &str, &str)> {
    let start = ["https://", "http://"].into_iter().find_map(|scheme| word.find(scheme))?;
    let (before, rest) = word.split_at(start);
    let ends = |char: char| char.is_whitespace() || ".,;:!?'\")]}>*".contains(char);
    let (address, after) = rest.split_at(rest.trim_end_matches(ends).len());
    Some((before, address, after))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    /// The HTML without the marks that hydration needs.
    fn html(text: &str) -> String {
        let owner = Owner::new();
        owner.set();
        let html = view! { <Markdown text tab_index="0" /> }.to_html();
        html.replace("<!>", "").replace("<!---->", "")
    }

    #[test]
    fn what_people_use_in_chats_is_shown() {
        let html = html(
            "# Plan\n\n1. *one*\n2. `two`\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] three\n",
        );
        for part in [
            "<p data-level=\"1\" dir=\"auto\" class=\"markdown-heading\">Plan</p>",
            "<em>one</em>",
            "<code>two</code>",
            "<th scope=\"col\" dir=\"auto\">a</th>",
            "<td dir=\"auto\">1</td>",
            "<td data-align=\"right\" dir=\"auto\">2</td>",
            "<input type=\"checkbox\" aria-label=\"Done\" disabled checked>three",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn html_is_text() {
        for hostile in ["<img src=x onerror=alert(1)>", "a <script>alert(1)</script> b", "<b>c</b>"]
        {
            let html = html(hostile);
            for tag in ["<img", "<script", "<b>"] {
                assert!(!html.contains(tag), "{html}");
            }
            assert!(html.contains("&lt;"), "{html}");
        }
    }

    #[test]
    fn links_lead_to_the_web_or_nowhere() {
        for hostile in [
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x](data:text/html,hello)",
            "[x](/logout)",
            "![x](javascript:alert(1))",
            "<javascript:alert(1)>",
        ] {
            assert!(!html(hostile).contains("<a"), "{hostile}");
        }
        let link = html("[x](https://example.org/?a=\"b\")");
        assert!(link.contains("href=\"https://example.org/?a=&quot;b&quot;\""), "{link}");
        assert!(link.contains("rel=\"noopener noreferrer nofollow\""), "{link}");
    }

    #[test]
    fn an_image_is_a_link_and_no_link_lies_in_another() {
        let html = html("[![x](https://a.example/x.png)](https://b.example)");
        assert!(!html.contains("<img"), "{html}");
        assert_eq!(html.matches("<a ").count(), 1, "{html}");
    }

    #[test]
    fn addresses_are_links_without_the_sentence_around_them() {
        let html = html("See (https://example.org/a), then `https://example.org/b`.");
        assert_eq!(html.matches("<a ").count(), 1, "{html}");
        assert!(html.contains("href=\"https://example.org/a\""), "{html}");
    }

    #[test]
    fn depth_has_an_end() {
        for piece in ["> ", "* ", "**a _b ", "["] {
            let html = html(&(piece.repeat(10_000) + "end"));
            assert!(html.contains("end"), "{piece}");
            let depth = html.matches("<blockquote>").count() + html.matches("<ul>").count();
            assert!(depth <= MAX_DEPTH, "{piece}: {depth}");
        }
        let table = format!("{}| a |\n{0}|---|\n{0}| b |", "> ".repeat(MAX_DEPTH - 3));
        assert!(!html(&table).contains("<td"));
    }
}
