//! costly
//! A bound that takes twice as many others to prove at each step.
//! outcome: stopped
#![recursion_limit = "1000000"]
trait Deep {}
struct Pair<A, B>(A, B);
impl<A, B> Deep for Pair<A, B> where Pair<Pair<A, B>, A>: Deep, Pair<B, Pair<B, A>>: Deep {}
fn needs<T: Deep>() {}
fn main() {
    needs::<Pair<u8, u16>>();
}
