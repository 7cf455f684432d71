//! One visible thing per file.
//!
//! A view is one type, nested as deep as what it shows. Components of some size end in `into_any`,
//! so that the types of pages stay within what the compiler takes.

pub mod account_box;
pub mod address;
pub mod agent_status;
pub mod chart;
pub mod conflict;
pub mod connection_bar;
pub mod connection_pill;
pub mod copy_text;
pub mod created;
pub mod dialog;
pub mod draft;
pub mod entity_create;
pub mod entity_edit;
pub mod entity_events;
pub mod entity_field;
pub mod entity_list;
pub mod entity_page;
pub mod entity_view;
pub mod entrance;
pub mod event_list;
pub mod event_row;
pub mod field;
pub mod flow;
pub mod form_actions;
pub mod history;
pub mod history_row;
pub mod history_tools;
pub mod icon;
pub mod json_editor;
pub mod json_text;
pub mod life_hint;
pub mod load;
pub mod log_row;
pub mod make_happen;
pub mod markdown;
pub mod metadata;
pub mod note;
pub mod notify;
pub mod password;
pub mod payload;
pub mod segments;
pub mod sidebar;
pub mod sign_in_again;
pub mod sign_in_form;
pub mod status;
pub mod subscribe_form;
pub mod subscriptions;
pub mod tags_editor;
pub mod theme;
pub mod time;
pub mod title;
pub mod toasts;
pub mod token_list;
