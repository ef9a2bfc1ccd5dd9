//! What a call is for, as its name tells.

use syn::{Expr, Local, Pat, Stmt};

use crate::Operator;

/// The name of the function or method that `expression` calls for its effect.
///
/// Looks through `?`, `unwrap`, `expect`, `ok` and `unsafe`, which are about its result.
pub(crate) fn name_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Try(inner) => name_of(&inner.expr),
        Expr::Paren(inner) => name_of(&inner.expr),
        Expr::Unsafe(inner) => match inner.block.stmts.as_slice() {
            [Stmt::Expr(inner, _)] => name_of(inner),
            _ => None,
        },
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            let about_result = ["unwrap", "expect", "ok", "unwrap_or_else", "map_err"];
            let inner = about_result.contains(&name.as_str()).then(|| name_of(&call.receiver));
            inner.flatten().or(Some(name))
        }
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The mistake of leaving out a call to `name`.
pub(crate) fn omission(name: &str) -> Operator {
    match name {
        "lock" | "acquire" | "sem_wait" | "flock" | "lock_exclusive" => Operator::DropLock,
        "join" | "wait" | "waitpid" | "waitid" => Operator::SkipJoin,
        "drop" | "close" => Operator::KeepOpen,
        "release" | "unlock" | "sem_post" | "post" | "unlink" | "shm_unlink" | "remove_file"
        | "notify_one" | "notify_all" | "unpark" | "munmap" => Operator::ForgetRelease,
        _ => Operator::DropCall,
    }
}

/// Whether the call `name` fails only if the system has no room left, or for a caller that broke its rules.
///
/// No test can make it fail for a right program, so what is done with its error makes no difference.
pub(crate) fn succeeds_for_the_right(name: &str) -> bool {
    matches!(name, "fork" | "waitpid" | "waitid" | "pipe" | "fcntl" | "poll" | "kill")
}

/// The name of the guard, if the statement takes a lock and keeps it.
pub(crate) fn guard_of(statement: &Stmt) -> Option<String> {
    let Stmt::Local(Local { pat: Pat::Ident(name), init: Some(init), .. }) = statement else {
        return None;
    };
    let locks = match name_of(&init.expr)?.as_str() {
        "lock" | "acquire" => true,
        // Not those of a file, which take a buffer.
        "read" | "write" => takes_nothing(&init.expr),
        _ => false,
    };
    locks.then(|| name.ident.to_string())
}

/// Whether the `read` or `write` in a chain like `a.read().unwrap()` has no argument.
fn takes_nothing(expression: &Expr) -> bool {
    match expression {
        Expr::Try(inner) => takes_nothing(&inner.expr),
        Expr::MethodCall(call) if call.method == "read" || call.method == "write" => {
            call.args.is_empty()
        }
        Expr::MethodCall(call) => takes_nothing(&call.receiver),
        _ => true,
    }
}
