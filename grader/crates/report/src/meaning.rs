use course::Language;
use observation::Verdict;

/// What a verdict means, in a few words.
pub fn meaning(verdict: Verdict, language: Language) -> &'static str {
    let (english, chinese) = match verdict {
        Verdict::Pass => ("all that was checked holds", "所检查的都成立"),
        Verdict::Serialised => {
            ("works, but less runs at once than it should", "结果正确，但并发不够")
        }
        Verdict::WrongOutput => ("a property does not hold", "某条性质不成立"),
        Verdict::Leak => ("left a process or an object behind", "遗留了进程或对象"),
        Verdict::Timing => {
            ("right only if a sleep or timeout is long enough", "睡眠或超时够长时才正确")
        }
        Verdict::Race => ("fails under some schedules", "在某些调度下失败"),
        Verdict::Crash => ("ended by a panic or a signal", "因 panic 或信号而终止"),
        Verdict::Timeout => ("did not end in time", "未能按时结束"),
        Verdict::Livelock => ("spins without progress", "空转而没有进展"),
        Verdict::Deadlock => ("stands still for ever: proved", "永远停住不动：已证明"),
        Verdict::Limit => ("took more than it may", "超出了允许的资源"),
        Verdict::Forbidden => ("uses what is not allowed", "使用了不允许的东西"),
        Verdict::DoesNotCompile => ("refused by the compiler", "被编译器拒绝"),
        Verdict::Tampered => ("tried to change its judge", "试图改动评测"),
        Verdict::NotGradable => ("our fault, not the student's", "是我们的问题，不是学生的"),
    };
    match language {
        Language::En => english,
        Language::Zh => chinese,
    }
}
