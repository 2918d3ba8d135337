//! Prints the description of the read API, as `GET /v1/openapi.json` answers it: `make openapi` writes it into docs.

fn main() -> serde_json::Result<()> {
    println!("{}", serde_json::to_string_pretty(&nowait_collector::serve::openapi())?);
    Ok(())
}
