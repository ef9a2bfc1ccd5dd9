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

/// The name of the guard, if the statement takes a lock and keeps it.
pub(crate) fn guard_of(statement: &Stmt) -> Option<String> {
    let Stmt::Local(Local { pat: Pat::Ident(name), init: Some(init), .. }) = statement else {
        return None;
    };
    let called = name_of(&init.expr)?;
    let locks = matches!(called.as_str(), "lock" | "read" | "write" | "acquire");
    locks.then(|| name.ident.to_string())
}
