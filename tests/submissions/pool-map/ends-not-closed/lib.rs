use std::io;
use std::process::exit;

fn check(code: i32) -> io::Result<i32> {
    if code < 0 { Err(io::Error::last_os_error()) } else { Ok(code) }
}

fn write_full(fd: i32, numbers: &[i64]) -> bool {
    let mut p = numbers.as_ptr().cast::<u8>();
    let mut left = size_of_val(numbers);
    while left > 0 {
        // SAFETY: `left` bytes from p on are in numbers
        let n = unsafe { libc::write(fd, p.cast(), left) };
        if n < 0 {
            if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
                continue;
            }
            return false;
        }
        left -= n as usize;
        // SAFETY: not behind the end
        p = unsafe { p.add(n as usize) };
    }
    true
}

fn read_full(fd: i32, numbers: &mut [i64]) -> io::Result<()> {
    let mut p = numbers.as_mut_ptr().cast::<u8>();
    let mut left = size_of_val(numbers);
    while left > 0 {
        // SAFETY: `left` bytes from p on are in numbers
        let n = unsafe { libc::read(fd, p.cast(), left) };
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if n < 0 {
            let error = io::Error::last_os_error();
            if error.kind() == io::ErrorKind::Interrupted {
                continue;
            }
            return Err(error);
        }
        left -= n as usize;
        // SAFETY: not behind the end
        p = unsafe { p.add(n as usize) };
    }
    Ok(())
}

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let mut pids = vec![0; workers];
    let mut pipes = vec![-1; workers];
    for w in 0..workers {
        let mut ends = [0; 2];
        // SAFETY: two descriptors fit
        check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
        // SAFETY: there is one thread
        let pid = check(unsafe { libc::fork() })?;
        if pid == 0 {
            // SAFETY: the reading end is the parent's
            unsafe { libc::close(ends[0]) };
            let mut i = w * chunk;
            while i < input.len() {
                let part = &input[i..input.len().min(i + chunk)];
                if !write_full(ends[1], &task(part)) {
                    exit(1);
                }
                i += workers * chunk;
            }
            exit(0);
        }
        // SAFETY: the writing end is the child's
        unsafe { libc::close(ends[1]) };
        pids[w] = pid;
        pipes[w] = ends[0];
    }
    let mut results = vec![0; input.len()];
    for (i, place) in results.chunks_mut(chunk).enumerate() {
        read_full(pipes[i % workers], place)?;
    }
    for pid in pids {
        // SAFETY: the status is not asked for
        while unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) } < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
    Ok(results)
}
