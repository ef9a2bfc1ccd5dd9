//! Does what only those do who look after a machine.
//! verdict: pass
unsafe extern "C" { fn syscall(number: i64, ...) -> i64; }
#[cfg(target_arch = "x86_64")]
const CALLS: [(&str, i64); 14] = [("reboot", 169), ("swapoff", 168), ("init_module", 175), ("delete_module", 176), ("iopl", 172), ("settimeofday", 164), ("sethostname", 170), ("acct", 163), ("syslog", 103), ("quotactl", 179), ("vhangup", 153), ("kexec_load", 246), ("fanotify_init", 300), ("pivot_root", 155)];
#[cfg(target_arch = "aarch64")]
const CALLS: [(&str, i64); 14] = [("reboot", 142), ("swapoff", 225), ("init_module", 105), ("delete_module", 106), ("iopl", 1000), ("settimeofday", 170), ("sethostname", 161), ("acct", 89), ("syslog", 116), ("quotactl", 60), ("vhangup", 58), ("kexec_load", 104), ("fanotify_init", 262), ("pivot_root", 41)];
fn main() {
    for (name, number) in CALLS {
        // None of these arguments could do any harm if the call were made.
        if unsafe { syscall(number, 0usize, 0usize, 0usize, 0usize, 0usize) } >= 0 {
            println!("escaped: {name}");
        }
    }
    for path in ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/pid_max", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/sys/power/state", "/proc/sys/kernel/hostname", "/proc/self/attr/current", "/dev/kmsg", "/dev/mem", "/dev/sda", "/dev/fuse", "/dev/kvm", "/dev/net/tun"] {
        if std::fs::File::options().write(true).open(path).is_ok() && !path.starts_with("/proc/self") {
            println!("escaped: opens {path}");
        }
    }
}
