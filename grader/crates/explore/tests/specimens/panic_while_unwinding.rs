struct Loud;

impl Drop for Loud {
    fn drop(&mut self) {
        panic!("second");
    }
}

#[test]
fn panics_twice() {
    let _loud = Loud;
    panic!("first");
}
