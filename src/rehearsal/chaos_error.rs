//! What can be wrong with the text of `--chaos`: each variant is one clear
//! sentence that names the faulty part and what is allowed instead.

/// Why a text is not a [`Chaos`](super::Chaos).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChaosError {
    /// Two commas in a row, or one at an end.
    #[error("there is nothing between two commas, or at an end of the list: remove the spare comma")]
    EmptyPart,
    /// A part without a colon.
    #[error("`{part}` does not say how often: write KIND:PERCENT% or KIND@STAGE:PERCENT%, for example `451:5%`")]
    NoShare {
        /// The whole part, as typed.
        part: String,
    },
    /// A kind that does not exist, or a code outside 4yz and 5yz.
    #[error(
        "`{kind}` is no kind of misbehaviour: write a reply code (400 to 459 or 500 to 559), \
         `drop`, `lost`, `half`, `slow` or `slow=500ms`"
    )]
    UnknownKind {
        /// What stood before the `@` or the `:`.
        kind: String,
    },
    /// A stage that does not exist.
    #[error("`{stage}` is no stage of the conversation: write connect, ehlo, mail, rcpt, data or body")]
    UnknownStage {
        /// What stood between the `@` and the `:`.
        stage: String,
    },
    /// `lost` at a stage where there is no message to lose the reply of.
    #[error("`lost@{stage}` cannot be, since only a whole message is accepted: write `lost` or `lost@body`")]
    LostElsewhere {
        /// The stage that was asked for.
        stage: &'static str,
    },
    /// A delay that is not a whole number of seconds or milliseconds.
    #[error(
        "`{delay}` is no delay: write whole milliseconds or seconds up to ten minutes, as in `slow=500ms` or `slow=2s`"
    )]
    BadDelay {
        /// What stood after `slow=`.
        delay: String,
    },
    /// A share that is not a percentage.
    #[error(
        "the share `{share}` of `{part}` is no percentage: write 0% to 100%, with at most four decimals, as in `0.5%`"
    )]
    BadShare {
        /// The whole part, as typed.
        part: String,
        /// What stood after the `:`.
        share: String,
    },
    /// Shares of one stage that add up to more than all.
    #[error("the shares at {stage} add up to {sum}: lower them to 100% at most")]
    MoreThanAll {
        /// The stage.
        stage: &'static str,
        /// The sum, as a percentage.
        sum: String,
    },
}
