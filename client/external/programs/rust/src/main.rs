//! reqwest with the lab's protocol (docs/clients.md). All requests share one Client with default settings. SSL_CERT_FILE is read by OpenSSL.
use reqwest::{Client, Method};
use serde_json::{json, Value};
use std::{error::Error, time::Duration};
use tokio::io::{stdin, AsyncBufReadExt, BufReader};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::new();
    println!("{}", json!({ "ready": true }));
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let asked: Value = serde_json::from_str(&line)?;
        let client = client.clone();
        tokio::spawn(async move {
            let result = match request(&client, &asked).await {
                Ok((status, body)) => json!({ "id": asked["id"], "status": status, "body": body }),
                Err(error) => failure(&asked["id"], &error),
            };
            println!("{result}");
        });
    }
    Ok(())
}

async fn request(client: &Client, asked: &Value) -> Result<(u16, String), reqwest::Error> {
    let method = Method::from_bytes(asked["method"].as_str().unwrap_or("GET").as_bytes()).expect("a method of the lab");
    let mut request = client.request(method, asked["url"].as_str().unwrap_or(""));
    if let Some(limit) = asked["timeoutMs"].as_u64() {
        request = request.timeout(Duration::from_millis(limit));
    }
    let response = request.send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

/// The error of a request is its innermost cause, which is the system's where there is one.
fn failure(id: &Value, error: &reqwest::Error) -> Value {
    let mut causes = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    json!({ "id": id, "error": causes.last(), "causes": causes })
}
