use std::cell::RefCell;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Ended, Offer, serve};
use crate::tally::Tally;

/// Sends each of `flights` in its turn, and gives what the sink said and what it counted.
async fn talk(flights: &[&str]) -> (String, String) {
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let tally = RefCell::new(Tally::default());
    let client = async {
        for flight in flights {
            client.write_all(flight.as_bytes()).await.unwrap();
            // A flight of its own is a read of its own.
            tokio::task::yield_now().await;
        }
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        said
    };
    let (said, ended) = tokio::join!(client, serve(server, Offer::Clear, &tally));
    assert!(matches!(ended, Ok(Ended::Quit)));
    let codes: Vec<_> = said.lines().map(|line| &line[..3]).collect();
    (codes.join(" "), tally.borrow().json())
}

const TO_ANN: &str = "MAIL FROM:<n@example.org>\r\nRCPT TO:<ann@example.net>\r\n";
const TO_BOB: &str = "MAIL FROM:<n@example.org>\r\nRCPT TO:<bob@example.net>\r\n";

#[tokio::test(flavor = "current_thread")]
async fn an_end_that_arrives_in_pieces_is_an_end() {
    let data = format!("{TO_ANN}DATA\r\n");
    for cut in 1..6 {
        let text = "Subject: x\r\n\r\n..\r\n.x\r\n.\r\n";
        let (first, second) = text.split_at(text.len() - cut);
        let (codes, counted) = talk(&[&data, first, second, "QUIT\r\n"]).await;
        assert_eq!(codes, "220 250 250 354 250 221", "{cut}");
        assert!(counted.contains("\"messages\": 1, \"recipients\": 1, \"commands\": 4"), "{counted}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_message_without_a_line_is_one() {
    let (codes, counted) = talk(&[&format!("{TO_ANN}DATA\r\n.\r\nQUIT\r\n")]).await;
    assert_eq!(codes, "220 250 250 354 250 221");
    assert!(counted.contains("\"messages\": 1"), "{counted}");
}

#[tokio::test(flavor = "current_thread")]
async fn chunks_are_taken_by_their_octets_in_one_flight() {
    let flight = format!("{TO_ANN}BDAT 7\r\n.\r\nQUITBDAT 3 LAST\r\n\r\n.{TO_BOB}BDAT 0 LAST\r\n{TO_BOB}QUIT\r\n");
    let (codes, counted) = talk(&[&flight]).await;
    assert_eq!(codes, "220 250 250 250 250 250 250 250 250 250 221");
    assert!(counted.contains("\"messages\": 2, \"recipients\": 2"), "{counted}");
}

#[tokio::test(flavor = "current_thread")]
async fn what_has_no_recipient_is_not_taken() {
    let (codes, counted) = talk(&["MAIL FROM:<>\r\nDATA\r\nBDAT 2 LAST\r\nxxQUIT\r\n"]).await;
    assert_eq!(codes, "220 250 503 503 221");
    assert!(counted.contains("\"messages\": 0"), "{counted}");
}
