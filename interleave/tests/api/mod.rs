//! What of std::sync, std::thread, std::time and thread_local compiles and behaves: one
//! snippet per piece, run under the real std and under the look-alike.

#![allow(deprecated, dead_code, reason = "old names are part of the surface")]
#![allow(
    clippy::all,
    clippy::missing_const_for_thread_local,
    reason = "every way of writing it counts"
)]

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::*;
use std::sync::mpsc::{self, *};
use std::sync::*;
use std::thread::{self, JoinHandle, LocalKey, Scope, ScopedJoinHandle, Thread, ThreadId};
use std::time::{Duration, Instant};

use Ordering::SeqCst;

macro_rules! probes {
    ($($name:ident $body:block)*) => {
        /// Every snippet by name.
        pub const ALL: &[(&str, fn())] = &[$((stringify!($name), || $body)),*];
    };
}

fn poisoned<T: Send + Sync + 'static>(lock: &Arc<Mutex<T>>) {
    let other = Arc::clone(lock);
    let thread = thread::spawn(move || {
        let _guard = other.lock().unwrap();
        panic!("on purpose");
    });
    thread.join().unwrap_err();
}

struct Held<'a>(MutexGuard<'a, u32>);

#[derive(Debug, Default)]
struct Fields {
    lock: Mutex<u32>,
    changed: Condvar,
    shared: RwLock<u32>,
    flag: AtomicBool,
}

trait Named {
    fn name(&self) -> &'static str;
}

impl Named for Mutex<u32> {
    fn name(&self) -> &'static str {
        "mutex"
    }
}

fn question_mark(lock: &'static Mutex<u32>) -> Result<u32, Box<dyn Error>> {
    Ok(*lock.lock()?)
}

fn received(receiver: &Receiver<u32>) -> Result<u32, Box<dyn Error>> {
    Ok(receiver.recv()?)
}

fn spawn_in<'scope>(scope: &'scope Scope<'scope, '_>) -> ScopedJoinHandle<'scope, u32> {
    scope.spawn(|| 1)
}

probes! {
    mutex_in_a_static {
        static LOCK: Mutex<u32> = Mutex::new(1);
        assert_eq!(*LOCK.lock().unwrap(), 1);
    }
    mutex_get_mut_and_into_inner {
        let mut lock = Mutex::new(1);
        *lock.get_mut().unwrap() = 2;
        assert_eq!(lock.into_inner().unwrap(), 2);
    }
    mutex_from_and_default {
        assert_eq!(*Mutex::from(3).lock().unwrap() + *Mutex::<u32>::default().lock().unwrap(), 3);
    }
    mutex_try_lock {
        let lock = Mutex::new(1);
        let guard = lock.lock().unwrap();
        assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
        drop(guard);
        assert_eq!(*lock.try_lock().unwrap(), 1);
    }
    mutex_is_poisoned_and_clear_poison {
        let lock = Arc::new(Mutex::new(1));
        poisoned(&lock);
        assert!(lock.is_poisoned() && lock.lock().is_err());
        lock.clear_poison();
        assert!(lock.lock().is_ok());
    }
    mutex_try_lock_when_poisoned {
        let lock = Arc::new(Mutex::new(1));
        poisoned(&lock);
        let Err(TryLockError::Poisoned(error)) = lock.try_lock() else { panic!("it is poisoned") };
        assert_eq!(*error.into_inner(), 1);
    }
    mutex_into_inner_when_poisoned {
        let lock = Arc::new(Mutex::new(1));
        poisoned(&lock);
        let error: PoisonError<u32> = Arc::try_unwrap(lock).unwrap().into_inner().unwrap_err();
        assert_eq!(error.into_inner(), 1);
    }
    mutex_unwrap_or_else_into_inner {
        let lock = Arc::new(Mutex::new(1));
        poisoned(&lock);
        *lock.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        assert_eq!(*lock.lock().unwrap_or_else(|error| error.into_inner()), 2);
    }
    mutex_unsized {
        let call: Arc<Mutex<dyn FnMut() -> u32 + Send>> = Arc::new(Mutex::new(|| 4));
        assert_eq!((call.lock().unwrap())(), 4);
    }
    mutex_of_a_slice {
        let lock: Box<Mutex<[u32]>> = Box::new(Mutex::new([1, 2]));
        lock.lock().unwrap()[0] = 5;
        assert_eq!(lock.lock().unwrap().iter().sum::<u32>(), 7);
    }
    mutex_guard_in_a_struct {
        let lock = Mutex::new(1);
        let mut held = Held(lock.lock().unwrap());
        *held.0 += 1;
        drop(held);
        assert_eq!(*lock.lock().unwrap(), 2);
    }
    mutex_guard_displays_and_debugs {
        let lock = Mutex::new(1);
        let guard = lock.lock().unwrap();
        assert_eq!(format!("{guard} {guard:?}"), "1 1");
    }
    mutex_debugs {
        let lock = Mutex::new(1);
        assert_eq!(format!("{lock:?}"), "Mutex { data: 1, poisoned: false, .. }");
        let _guard = lock.lock().unwrap();
        assert_eq!(format!("{lock:?}"), "Mutex { data: \"<locked>\", poisoned: false, .. }");
    }
    mutex_in_derives {
        let fields = Fields::default();
        assert!(format!("{fields:?}").starts_with("Fields"));
    }
    mutex_with_a_trait_of_ours {
        assert_eq!(Mutex::new(1).name(), "mutex");
    }
    mutex_error_with_question_mark {
        static LOCK: Mutex<u32> = Mutex::new(8);
        assert_eq!(question_mark(&LOCK).unwrap(), 8);
    }
    lock_result_type {
        let lock = Mutex::new(1);
        let result: LockResult<MutexGuard<'_, u32>> = lock.lock();
        assert_eq!(*result.unwrap(), 1);
        let tried: TryLockResult<MutexGuard<'_, u32>> = lock.try_lock();
        assert!(tried.is_ok());
    }
    mutex_is_unwind_safe {
        let lock = Arc::new(Mutex::new(1));
        let other = Arc::clone(&lock);
        assert!(catch_unwind(move || { *other.lock().unwrap() += 1; panic!("x") }).is_err());
        assert_eq!(*lock.lock().unwrap(), 2);
    }
    mutex_poisoned_by_catch_unwind {
        let lock = Mutex::new(1);
        let caught = catch_unwind(AssertUnwindSafe(|| { let _guard = lock.lock().unwrap(); panic!("x") }));
        assert!(caught.is_err() && lock.is_poisoned());
    }
    rwlock_in_a_static {
        static LOCK: RwLock<u32> = RwLock::new(1);
        assert_eq!(*LOCK.read().unwrap(), 1);
    }
    rwlock_readers_share {
        let lock = RwLock::new(1);
        let (one, two) = (lock.read().unwrap(), lock.try_read().unwrap());
        assert_eq!(*one + *two, 2);
        assert!(lock.try_write().is_err());
    }
    rwlock_writer_excludes {
        let lock = RwLock::new(1);
        let mut guard = lock.write().unwrap();
        *guard += 1;
        assert!(lock.try_read().is_err());
        drop(guard);
        assert_eq!(lock.into_inner().unwrap(), 2);
    }
    rwlock_is_poisoned_by_writers_only {
        let lock = RwLock::new(1);
        let _: Result<(), _> = catch_unwind(AssertUnwindSafe(|| { let _guard = lock.read().unwrap(); panic!("x") }));
        assert!(!lock.is_poisoned());
        let _: Result<(), _> = catch_unwind(AssertUnwindSafe(|| { let _guard = lock.write().unwrap(); panic!("x") }));
        assert!(lock.is_poisoned());
        lock.clear_poison();
        assert!(lock.read().is_ok());
    }
    rwlock_guard_types {
        let mut lock = RwLock::from(1);
        *lock.get_mut().unwrap() = 3;
        { let guard: RwLockReadGuard<'_, u32> = lock.read().unwrap(); assert_eq!(format!("{guard}"), "3"); }
        let guard: RwLockWriteGuard<'_, u32> = lock.write().unwrap();
        assert_eq!(format!("{guard:?}"), "3");
    }
    condvar_in_a_static {
        static CHANGED: Condvar = Condvar::new();
        CHANGED.notify_one();
        CHANGED.notify_all();
    }
    condvar_wait {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&pair);
        let thread = thread::spawn(move || { *other.0.lock().unwrap() = true; other.1.notify_one(); });
        let mut ready = pair.0.lock().unwrap();
        while !*ready { ready = pair.1.wait(ready).unwrap(); }
        drop(ready);
        thread.join().unwrap();
    }
    condvar_wait_while {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let other = Arc::clone(&pair);
        let thread = thread::spawn(move || { *other.0.lock().unwrap() = 5; other.1.notify_all(); });
        let value = pair.1.wait_while(pair.0.lock().unwrap(), |value| *value == 0).unwrap();
        assert_eq!(*value, 5);
        drop(value);
        thread.join().unwrap();
    }
    condvar_wait_timeout {
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        let (guard, result): (_, WaitTimeoutResult) =
            changed.wait_timeout(lock.lock().unwrap(), Duration::from_millis(1)).unwrap();
        assert!(result.timed_out() && *guard == 0);
    }
    condvar_wait_timeout_while {
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        let wait = |until| changed.wait_timeout_while(lock.lock().unwrap(), Duration::from_millis(1), |value| *value != until).unwrap().1;
        assert!(!wait(0).timed_out());
        assert!(wait(1).timed_out());
    }
    condvar_wait_timeout_ms {
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        assert!(!changed.wait_timeout_ms(lock.lock().unwrap(), 1).unwrap().1);
    }
    barrier_has_one_leader {
        let barrier = Arc::new(Barrier::new(2));
        let other = Arc::clone(&barrier);
        let thread = thread::spawn(move || other.wait().is_leader());
        let result: BarrierWaitResult = barrier.wait();
        assert!(result.is_leader() ^ thread.join().unwrap());
    }
    barrier_in_a_static {
        static BARRIER: Barrier = Barrier::new(1);
        assert!(BARRIER.wait().is_leader());
    }
    once_runs_once {
        static ONCE: Once = Once::new();
        let count = Cell::new(0);
        ONCE.call_once(|| count.set(count.get() + 1));
        ONCE.call_once(|| count.set(count.get() + 1));
        assert!(ONCE.is_completed() && count.get() <= 1);
    }
    once_is_poisoned_and_forced {
        let once = Once::new();
        assert!(catch_unwind(AssertUnwindSafe(|| once.call_once(|| panic!("x")))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| once.call_once(|| ()))).is_err());
        once.call_once_force(|state: &OnceState| assert!(state.is_poisoned()));
        assert!(once.is_completed());
    }
    once_wait {
        let once = Arc::new(Once::new());
        let other = Arc::clone(&once);
        let thread = thread::spawn(move || other.call_once(|| ()));
        once.wait();
        thread.join().unwrap();
    }
    once_init_constant {
        let once = ONCE_INIT;
        assert!(!once.is_completed());
    }
    once_lock_set_get_take {
        let mut cell = OnceLock::new();
        assert_eq!((cell.set(1), cell.set(2), cell.get().copied()), (Ok(()), Err(2), Some(1)));
        *cell.get_mut().unwrap() = 4;
        assert_eq!((cell.take(), cell.into_inner()), (Some(4), None));
    }
    once_lock_in_a_static {
        static CELL: OnceLock<String> = OnceLock::new();
        assert_eq!(CELL.get_or_init(|| "a".into()), "a");
    }
    once_lock_panic_leaves_it_empty {
        let cell: OnceLock<u32> = OnceLock::new();
        assert!(catch_unwind(AssertUnwindSafe(|| cell.get_or_init(|| panic!("x")))).is_err());
        assert_eq!(*cell.get_or_init(|| 2), 2);
    }
    once_lock_wait {
        let cell = Arc::new(OnceLock::new());
        let other = Arc::clone(&cell);
        let thread = thread::spawn(move || other.set(3).unwrap());
        assert_eq!(*cell.wait(), 3);
        thread.join().unwrap();
    }
    once_lock_from_clone_eq_debug {
        let cell = OnceLock::from(1);
        assert_eq!(cell.clone(), cell);
        assert_eq!(format!("{cell:?}"), "OnceLock(1)");
    }
    lazy_lock_in_a_static {
        static LAZY: LazyLock<Mutex<Vec<u32>>> = LazyLock::new(|| Mutex::new(vec![1]));
        assert_eq!(LAZY.lock().unwrap().len(), 1);
    }
    lazy_lock_with_a_closure {
        let base = 2;
        let lazy = LazyLock::new(move || base + 1);
        assert_eq!((*lazy, *LazyLock::force(&lazy)), (3, 3));
    }
    lazy_lock_of_a_map {
        static MAP: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| HashMap::from([("a", 1)]));
        assert_eq!(MAP["a"], 1);
    }
    arc_and_weak {
        let arc = Arc::new(1);
        let weak: Weak<u32> = Arc::downgrade(&arc);
        assert_eq!((Arc::strong_count(&arc), weak.upgrade().as_deref()), (1, Some(&1)));
        assert_eq!(Arc::try_unwrap(arc), Ok(1));
    }
    arc_of_unsized {
        let text: Arc<str> = "a".into();
        let call: Arc<dyn Fn() -> usize + Send + Sync> = Arc::new(move || text.len());
        assert_eq!(call(), 1);
    }
    arc_of_a_mutex_unwrapped {
        let arc = Arc::new(Mutex::new(1));
        assert_eq!(Arc::into_inner(arc).unwrap().into_inner().unwrap(), 1);
    }
    atomic_statics {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        static FLAG: AtomicBool = AtomicBool::new(true);
        assert!(FLAG.load(Ordering::Relaxed) && COUNT.load(Ordering::Acquire) == 0);
    }
    atomic_fetch_operations {
        let value = AtomicI64::new(6);
        let old = [
            value.fetch_add(2, SeqCst), value.fetch_sub(1, SeqCst), value.fetch_and(6, SeqCst),
            value.fetch_or(8, SeqCst), value.fetch_xor(1, SeqCst), value.fetch_max(20, SeqCst),
            value.fetch_min(3, SeqCst), value.fetch_nand(1, SeqCst),
        ];
        assert_eq!((old, value.into_inner()), ([6, 8, 7, 6, 14, 15, 20, 3], -2));
    }
    atomic_compare_exchange {
        let value = AtomicU32::new(1);
        assert_eq!(value.compare_exchange(1, 2, SeqCst, Ordering::Relaxed), Ok(1));
        assert_eq!(value.compare_exchange(1, 3, SeqCst, SeqCst), Err(2));
        while value.compare_exchange_weak(2, 3, SeqCst, SeqCst).is_err() {}
        assert_eq!(value.compare_and_swap(3, 4, SeqCst), 3);
    }
    atomic_fetch_update {
        let value = AtomicU8::new(1);
        assert_eq!(value.fetch_update(SeqCst, SeqCst, |seen| seen.checked_add(1)), Ok(1));
        assert_eq!(value.fetch_update(SeqCst, SeqCst, |_| None), Err(2));
    }
    atomic_bool {
        let flag = AtomicBool::default();
        assert!(!flag.swap(true, SeqCst) && flag.fetch_and(false, SeqCst) && !flag.fetch_not(SeqCst));
        assert_eq!(flag.compare_exchange(true, false, SeqCst, SeqCst), Ok(true));
    }
    atomic_ptr {
        let mut target = 1;
        let pointer = AtomicPtr::new(&raw mut target);
        assert_eq!(pointer.swap(std::ptr::null_mut(), SeqCst), &raw mut target);
        assert!(pointer.load(SeqCst).is_null());
    }
    atomic_get_mut_from_debug {
        let mut value = AtomicI16::from(3);
        *value.get_mut() += 1;
        assert_eq!(format!("{value:?}"), "4");
    }
    atomic_all_widths {
        let sum = AtomicI8::new(1).load(SeqCst) as isize + AtomicU16::new(1).load(SeqCst) as isize
            + AtomicI32::new(1).load(SeqCst) as isize + AtomicU64::new(1).load(SeqCst) as isize
            + AtomicIsize::new(1).load(SeqCst);
        assert_eq!(sum, 5);
    }
    atomic_fences {
        fence(SeqCst);
        compiler_fence(SeqCst);
    }
    channel_types {
        let (sender, receiver): (Sender<u32>, Receiver<u32>) = mpsc::channel();
        let sent: Result<(), SendError<u32>> = sender.send(1);
        let got: Result<u32, RecvError> = receiver.recv();
        assert_eq!((sent, got), (Ok(()), Ok(1)));
    }
    channel_try_recv {
        let (sender, receiver) = channel::<u32>();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        drop(sender);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }
    channel_recv_timeout {
        let (sender, receiver) = channel::<u32>();
        assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
        drop(sender);
        assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Disconnected));
    }
    channel_iterators {
        let (sender, receiver) = channel();
        (0..5).for_each(|number| sender.send(number).unwrap());
        assert_eq!(receiver.iter().next(), Some(0));
        assert_eq!((&receiver).into_iter().next(), Some(1));
        assert_eq!(receiver.try_iter().take(1).collect::<Vec<u32>>(), [2]);
        drop(sender);
        assert_eq!(receiver.into_iter().collect::<Vec<u32>>(), [3, 4]);
    }
    channel_send_to_nobody {
        let (sender, receiver) = channel();
        drop(receiver);
        assert_eq!(sender.send(7).unwrap_err().0, 7);
    }
    channel_error_with_question_mark {
        let (sender, receiver) = channel();
        sender.clone().send(2).unwrap();
        assert_eq!(received(&receiver).unwrap(), 2);
    }
    sync_channel_bounded {
        let (sender, receiver): (SyncSender<u32>, _) = sync_channel(1);
        sender.send(1).unwrap();
        assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
        assert_eq!(receiver.recv(), Ok(1));
        drop(receiver);
        assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
    }
    sync_channel_rendezvous {
        let (sender, receiver) = sync_channel(0);
        assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
        let thread = thread::spawn(move || sender.send(2));
        assert_eq!(receiver.recv(), Ok(2));
        thread.join().unwrap().unwrap();
    }
    sync_channel_receiver_leaves {
        let (sender, receiver) = sync_channel(0);
        let thread = thread::spawn(move || sender.send(2));
        drop(receiver);
        assert_eq!(thread.join().unwrap(), Err(SendError(2)));
    }
    spawn_and_join {
        let threads: Vec<JoinHandle<u32>> = (0..2).map(|number| thread::spawn(move || number)).collect();
        assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>(), 1);
    }
    join_gives_the_panic {
        let result: thread::Result<()> = thread::spawn(|| panic!("{}", 42)).join();
        assert_eq!(result.unwrap_err().downcast_ref::<String>().unwrap(), "42");
    }
    join_gives_any_payload {
        let thread = thread::spawn(|| std::panic::panic_any(5_u8));
        assert_eq!(*thread.join().unwrap_err().downcast::<u8>().unwrap(), 5);
    }
    resume_unwind_goes_on {
        let thread = thread::spawn(|| std::panic::resume_unwind(Box::new(6_u8)));
        assert_eq!(thread.join().unwrap_err().downcast_ref(), Some(&6_u8));
    }
    handle_is_finished {
        let thread = thread::spawn(|| ());
        while !thread.is_finished() { thread::yield_now(); }
        thread.join().unwrap();
    }
    handle_thread_and_unpark {
        let thread = thread::spawn(thread::park);
        let _: (ThreadId, Option<&str>) = (thread.thread().id(), thread.thread().name());
        thread.thread().unpark();
        thread.join().unwrap();
    }
    builder_name_and_stack {
        let builder = thread::Builder::new().name("w".to_owned()).stack_size(1 << 16);
        let thread = builder.spawn(|| thread::current().name().map(str::to_owned)).unwrap();
        assert_eq!(thread.thread().name(), Some("w"));
        assert_eq!(thread.join().unwrap().as_deref(), Some("w"));
    }
    builder_spawn_scoped {
        let mut total = 0;
        thread::scope(|scope| {
            let builder = thread::Builder::new().name("s".to_owned());
            builder.spawn_scoped(scope, || total += 1).unwrap();
        });
        assert_eq!(total, 1);
    }
    thread_ids_differ {
        let here: Thread = thread::current();
        let there = thread::spawn(|| thread::current().id()).join().unwrap();
        assert_eq!(HashSet::from([here.id(), there, thread::current().id()]).len(), 2);
        assert!(format!("{there:?}").starts_with("ThreadId("));
    }
    scope_borrows_and_joins {
        let mut numbers = [1, 2, 3, 4];
        let sum: u32 = thread::scope(|scope| {
            let halves: Vec<_> = numbers.chunks_mut(2).map(|half| scope.spawn(move || { half[0] += 1; half.iter().sum::<u32>() })).collect();
            halves.into_iter().map(|half| half.join().unwrap()).sum()
        });
        assert_eq!((sum, numbers), (12, [2, 2, 4, 4]));
    }
    scope_nested_spawn {
        let count = AtomicU32::new(0);
        thread::scope(|scope| { scope.spawn(|| { scope.spawn(|| count.fetch_add(1, SeqCst)); }); });
        assert_eq!(count.load(SeqCst), 1);
    }
    scope_handle_type {
        assert_eq!(thread::scope(|scope| spawn_in(scope).join().unwrap()), 1);
    }
    scope_panics_with_its_threads {
        let caught = catch_unwind(|| thread::scope(|scope| { scope.spawn(|| panic!("x")); }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"a scoped thread panicked"));
    }
    scope_panic_that_was_joined {
        let fine = thread::scope(|scope| scope.spawn(|| panic!("x")).join().is_err());
        assert!(fine);
    }
    park_with_a_token {
        thread::current().unpark();
        thread::park();
        thread::park_timeout(Duration::from_millis(1));
    }
    sleep_takes_time {
        let before = Instant::now();
        thread::sleep(Duration::from_millis(2));
        thread::sleep_ms(1);
        assert!(before.elapsed() >= Duration::from_millis(3));
    }
    yield_and_spin {
        thread::yield_now();
        std::hint::spin_loop();
        assert_eq!(std::hint::black_box(1), 1);
    }
    parallelism {
        assert!(thread::available_parallelism().map_or(1, |number| number.get()) >= 1);
    }
    panicking_in_a_destructor {
        struct Probe(Arc<AtomicBool>);
        impl Drop for Probe { fn drop(&mut self) { self.0.store(thread::panicking(), SeqCst); } }
        let seen = Arc::new(AtomicBool::new(false));
        let probe = Probe(Arc::clone(&seen));
        thread::spawn(move || { let _probe = probe; panic!("x") }).join().unwrap_err();
        assert!(seen.load(SeqCst) && !thread::panicking());
    }
    thread_local_cells {
        thread_local! { static CELL: Cell<u32> = const { Cell::new(1) }; }
        CELL.set(CELL.get() + 1);
        assert_eq!((CELL.replace(5), CELL.take(), CELL.get()), (2, 5, 0));
    }
    thread_local_refcells {
        thread_local!(static LIST: RefCell<Vec<u32>> = RefCell::new(vec![1]));
        LIST.with_borrow_mut(|list| list.push(2));
        assert_eq!(LIST.with_borrow(Vec::len), 2);
        LIST.set(vec![9]);
        assert_eq!((LIST.replace(vec![]), LIST.take()), (vec![9], vec![]));
    }
    thread_local_of_several {
        thread_local! {
            static ONE: u32 = 1;
            pub static TWO: RefCell<String> = RefCell::new("two".to_owned());
        }
        let key: &'static LocalKey<u32> = &ONE;
        assert_eq!(key.with(|one| *one) + TWO.with(|two| two.borrow().len() as u32), 4);
        assert!(ONE.try_with(|_| ()).is_ok());
    }
    thread_local_is_dropped_with_its_thread {
        struct Flag(Arc<AtomicBool>);
        impl Drop for Flag { fn drop(&mut self) { self.0.store(true, SeqCst); } }
        thread_local!(static FLAG: RefCell<Option<Flag>> = const { RefCell::new(None) });
        let dropped = Arc::new(AtomicBool::new(false));
        let flag = Flag(Arc::clone(&dropped));
        thread::spawn(move || FLAG.set(Some(flag))).join().unwrap();
        assert!(dropped.load(SeqCst));
    }
    std_paths_of_macros {
        std::thread_local!(static X: u32 = 1);
        std::println!("{}", X.with(|x| *x));
        std::eprint!("{}", std::format!("{}", std::concat!("a", 1)));
        let value = dbg!(2 + 1);
        assert_eq!(value, 3);
    }
    instant_arithmetic {
        let now = Instant::now();
        let later = now + Duration::from_secs(2);
        assert_eq!(later - now, Duration::from_secs(2));
        assert_eq!(later.checked_duration_since(now), Some(Duration::from_secs(2)));
        assert_eq!(now.saturating_duration_since(later), Duration::ZERO);
        assert!(now.checked_add(Duration::from_secs(1)).unwrap() < later && later - Duration::from_secs(3) < now);
    }
    instant_deadline {
        let deadline = Instant::now() + Duration::from_millis(2);
        while Instant::now() < deadline { thread::yield_now(); }
        assert!(Instant::now() >= deadline);
    }
    a_pool_of_boxed_jobs {
        type Job = Box<dyn FnOnce() -> u32 + Send>;
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let worker = thread::spawn(move || queue.lock().unwrap().iter().map(|job| job()).sum::<u32>());
        jobs.send(Box::new(|| 4)).unwrap();
        drop(jobs);
        assert_eq!(worker.join().unwrap(), 4);
    }
    rwlock_downgrade {
        let lock = RwLock::new(1);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut writer = lock.write().unwrap();
                    *writer += 1;
                    let seen = *writer;
                    let reader: RwLockReadGuard<'_, u32> = RwLockWriteGuard::downgrade(writer);
                    assert_eq!(*reader, seen);
                });
            }
        });
        assert_eq!(*lock.write().unwrap(), 3);
    }
    once_wait_force {
        let once = Once::new();
        thread::scope(|scope| {
            scope.spawn(|| once.wait_force());
            assert!(catch_unwind(AssertUnwindSafe(|| once.call_once(|| panic!("on purpose")))).is_err());
            once.call_once_force(|state| assert!(state.is_poisoned()));
        });
    }
    lazy_lock_looked_at_and_changed {
        let mut lazy = LazyLock::new(|| vec![1]);
        assert!(LazyLock::get(&lazy).is_none() && LazyLock::get_mut(&mut lazy).is_none());
        lazy.push(2);
        LazyLock::force_mut(&mut lazy).push(3);
        assert_eq!(LazyLock::get(&lazy), Some(&vec![1, 2, 3]));
    }
    atomic_update {
        let number = AtomicU32::new(1);
        assert_eq!(number.update(SeqCst, SeqCst, |seen| seen + 1), 1);
        assert_eq!(number.try_update(SeqCst, SeqCst, |seen| seen.checked_sub(3)), Err(2));
        let flag = AtomicBool::new(true);
        assert!(flag.update(SeqCst, SeqCst, |seen| !seen) && !flag.fetch_not(SeqCst));
    }
    atomic_pointer_arithmetic {
        let mut bytes = [1_u8, 2, 3];
        let pointer = AtomicPtr::new(bytes.as_mut_ptr());
        assert_eq!(pointer.fetch_ptr_add(2, SeqCst), bytes.as_mut_ptr());
        assert_eq!(pointer.fetch_byte_sub(1, SeqCst), &raw mut bytes[2]);
        assert_eq!(pointer.fetch_or(0, SeqCst), &raw mut bytes[1]);
    }
    standard_output_locked {
        use std::io::Write;
        let output = std::io::stdout();
        let mut first = output.lock();
        writeln!(first, "one").unwrap();
        let mut again = std::io::stdout().lock();
        again.write_all(b"two\n").unwrap();
        drop(first);
        println!("three");
        drop(again);
        let thread = thread::spawn(|| writeln!(&std::io::stdout(), "four").unwrap());
        writeln!(std::io::stderr().lock(), "five").unwrap();
        thread.join().unwrap();
        std::io::stdout().flush().unwrap();
    }
    debug_of_locked {
        let (lock, shared) = (Mutex::new(1), RwLock::new(1));
        let _guards = (lock.lock().unwrap(), shared.write().unwrap());
        assert_eq!(format!("{lock:?}"), "Mutex { data: \"<locked>\", poisoned: false, .. }");
        assert_eq!(format!("{shared:?}"), "RwLock { data: <locked>, poisoned: false, .. }");
    }
    a_hand_made_future {
        use std::future::Future;
        use std::pin::pin;
        use std::task::{Context, Poll, Wake, Waker};
        struct Noise;
        impl Wake for Noise { fn wake(self: Arc<Self>) {} }
        let waker = Waker::from(Arc::new(Noise));
        let poll = pin!(async { 1 }).poll(&mut Context::from_waker(&waker));
        assert_eq!(poll, Poll::Ready(1));
    }
}
