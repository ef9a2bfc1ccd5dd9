#[test]
fn prints_without_an_end() {
    loop {
        println!("{}", "again ".repeat(1000));
    }
}
