//! Makes more files than anybody needs.
//! verdict: pass
fn main() {
    let folder = std::env::temp_dir();
    let made = (0..20_000).take_while(|n| std::fs::File::create(folder.join(n.to_string())).is_ok());
    println!("{}", made.count());
}
