//! What readers asked for and what is known of them beside the list: nobody is sent to who left.

mod bounced;
mod import;
mod mailto;
mod meanwhile;
mod revival;
mod suppression;
mod upkeep;
