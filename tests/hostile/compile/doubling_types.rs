//! costly
//! A type of which each line makes one twice as large.
//! outcome: stopped
fn twice<T: Clone>(one: T) -> (T, T) {
    (one.clone(), one)
}
fn main() {
    let a = twice(twice(twice(twice(twice(twice(twice(twice(String::new()))))))));
    let b = twice(twice(twice(twice(twice(twice(twice(twice(a))))))));
    let c = twice(twice(twice(twice(twice(twice(twice(twice(b))))))));
    let d = twice(twice(twice(twice(twice(twice(twice(twice(c))))))));
    println!("{}", size_of_val(&d));
}
