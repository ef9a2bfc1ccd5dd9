//! Where in a program mistakes can be made.

use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, BinOp, Block, Expr, ExprBinary, ExprMethodCall, ExprPath, ExprRange, ExprWhile,
    File, ImplItemFn, ItemFn, ItemImpl, ItemMod, RangeLimits, Stmt, Type,
};

use crate::call::{guard_of, name_of, omission, succeeds_for_the_right};
use crate::{Mutant, Operator};

/// One change that can be made.
pub(crate) struct Site {
    operator: Operator,
    function: String,
    line: usize,
    range: Range<usize>,
    after: String,
}

impl Site {
    pub(crate) fn mutate(self, source: &str) -> Mutant {
        let Self { operator, function, line, range, after } = self;
        let before = one_line(&source[range.clone()]);
        let text = format!("{}{after}{}", &source[..range.start], &source[range.end..]);
        Mutant { operator, function, line, before, after: one_line(&after), text }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every site of `file`, whose text is `source`.
pub(crate) fn of(file: &File, source: &str) -> Vec<Site> {
    let mut sites = Sites { source, scope: Vec::new(), found: Vec::new() };
    sites.visit_file(file);
    sites.found
}

struct Sites<'a> {
    source: &'a str,
    /// The type and the function that are being looked at.
    scope: Vec<String>,
    found: Vec<Site>,
}

impl Sites<'_> {
    fn add(&mut self, operator: Operator, at: Span, after: impl Into<String>) {
        self.add_range(operator, at, at.byte_range(), after);
    }

    fn add_range(
        &mut self,
        operator: Operator,
        at: Span,
        range: Range<usize>,
        after: impl Into<String>,
    ) {
        let (function, line) = (self.scope.join("::"), at.start().line);
        self.found.push(Site { operator, function, line, range, after: after.into() });
    }

    fn text(&self, node: &impl Spanned) -> &str {
        &self.source[node.span().byte_range()]
    }

    fn within(&mut self, name: String, look: impl FnOnce(&mut Self)) {
        self.scope.push(name);
        look(self);
        self.scope.pop();
    }

    /// Leaves out a statement that is a call for its effect.
    fn omit(&mut self, statement: &Stmt) {
        let call = match statement {
            Stmt::Expr(expression, Some(_)) => expression,
            Stmt::Local(local) if matches!(local.pat, syn::Pat::Wild(_)) => match &local.init {
                Some(init) => &*init.expr,
                None => return,
            },
            Stmt::Expr(..) | Stmt::Local(_) | Stmt::Item(_) | Stmt::Macro(_) => return,
        };
        let Some(name) = name_of(call) else { return };
        self.add(omission(&name), statement.span(), "");
        if let Expr::Try(tried) = call
            && matches!(statement, Stmt::Expr(..))
            && !succeeds_for_the_right(&name)
        {
            let ignored = format!("let _ = {};", self.text(&tried.expr));
            self.add(Operator::IgnoreError, statement.span(), ignored);
        }
        if name == "drop"
            && let Expr::Call(dropped) = call
            && let Some(value) = dropped.args.first()
        {
            let forgotten = format!("std::mem::forget({})", self.text(value));
            self.add(Operator::KeepOpen, dropped.span(), forgotten);
        }
    }

    /// Splits the critical section that begins with the first of `statements`.
    fn split(&mut self, statements: &[Stmt]) {
        let [first, _, rest @ ..] = statements else { return };
        let Some(guard) = guard_of(first) else { return };
        for later in rest {
            let again = format!("drop({guard}); {} {}", self.text(first), self.text(later));
            self.add(Operator::SplitLock, later.span(), again);
        }
    }

    /// Takes the first two locks of `statements` the other way round.
    fn swap(&mut self, statements: &[Stmt]) {
        let [first, second, ..] = statements else { return };
        if guard_of(first).is_none() || guard_of(second).is_none() {
            return;
        }
        let (from, to) = (first.span().byte_range().start, second.span().byte_range().end);
        let swapped = format!("{} {}", self.text(second), self.text(first));
        self.add_range(Operator::SwapLocks, first.span(), from..to, swapped);
    }
}

impl<'ast> Visit<'ast> for Sites<'_> {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if !is_test(&function.attrs) {
            self.within(function.sig.ident.to_string(), |sites| {
                visit::visit_item_fn(sites, function);
            });
        }
    }

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        let name = match &*block.self_ty {
            Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        let drops = block
            .trait_
            .as_ref()
            .is_some_and(|named| named.1.segments.last().is_some_and(|last| last.ident == "Drop"));
        self.within(name.unwrap_or_default(), |sites| {
            for item in &block.items {
                if let syn::ImplItem::Fn(function) = item
                    && drops
                {
                    sites.within(function.sig.ident.to_string(), |sites| {
                        sites.add(Operator::ForgetRelease, function.block.span(), "{}");
                    });
                }
            }
            visit::visit_item_impl(sites, block);
        });
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.within(function.sig.ident.to_string(), |sites| {
            visit::visit_impl_item_fn(sites, function);
        });
    }

    fn visit_block(&mut self, block: &'ast Block) {
        for (index, statement) in block.stmts.iter().enumerate() {
            self.omit(statement);
            self.split(&block.stmts[index..]);
            self.swap(&block.stmts[index..]);
        }
        visit::visit_block(self, block);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let method = call.method.to_string();
        match method.as_str() {
            "notify_one" => self.add(Operator::Notify, call.method.span(), "notify_all"),
            "notify_all" => self.add(Operator::Notify, call.method.span(), "notify_one"),
            "unwrap_or_else" if self.text(&call.args).contains("into_inner") => {
                let range = call.method.span().byte_range().start..call.span().byte_range().end;
                self.add_range(Operator::Poison, call.method.span(), range, "unwrap()");
            }
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_while(&mut self, looping: &'ast ExprWhile) {
        self.add(Operator::IfForWhile, looping.while_token.span(), "if");
        visit::visit_expr_while(self, looping);
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        let other = match binary.op {
            BinOp::Lt(_) => Some("<="),
            BinOp::Le(_) => Some("<"),
            BinOp::Gt(_) => Some(">="),
            BinOp::Ge(_) => Some(">"),
            _ => None,
        };
        if let Some(other) = other {
            self.add(Operator::OffByOne, binary.op.span(), other);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_range(&mut self, range: &'ast ExprRange) {
        if let (RangeLimits::HalfOpen(dots), Some(_)) = (&range.limits, &range.end) {
            self.add(Operator::OffByOne, dots.span(), "..=");
        }
        visit::visit_expr_range(self, range);
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        let last = path.path.segments.last().map(|last| &last.ident);
        if let Some(name) = last
            && ["SeqCst", "AcqRel", "Acquire", "Release"].iter().any(|strong| name == strong)
        {
            // A bare name was imported by itself, and `Relaxed` perhaps was not.
            let weaker = match path.path.segments.len() {
                1 => "std::sync::atomic::Ordering::Relaxed",
                _ => "Relaxed",
            };
            self.add(Operator::WeakerOrdering, name.span(), weaker);
        }
        visit::visit_expr_path(self, path);
    }
}

/// Whether something is there for tests alone.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => {
            attribute.path().is_ident("cfg") && list.tokens.to_string() == "test"
        }
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::NameValue(_) => false,
    })
}
