//! Writes the core once more, with every way to leave something out of it.
//!
//! Where an alteration can be made is found in the source, not listed: each ordering may be weaker, each condition always true or
//! always false, each step left out, each two neighbouring steps exchanged. Which of them is in force is looked up at run time, so all
//! of them are compiled once. What is exchanged may bind names: such a function has a body of its own for each exchange.
//!
//! The code is watched as well: it says which branch it takes, and a public function that it begins and ends.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::{env, fs};

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Item, Stmt};

/// What is written as it stands, by the beginning of its path: the facade, plain values that cross the network, how things are
/// printed, and tests. Everything else is altered, a new file as well.
const UNALTERED: &[&str] = &[
    "buffer/tests",
    "delivery/enumerator",
    "delivery/fence",
    "delivery/message",
    "error.rs",
    "must_not_compile.rs",
    "poller/tests",
    "sync",
];

/// Neighbours that the compiler does not let change places: one takes what the other needs. A function, and how they begin.
const REFUSED: &[(&str, &str)] = &[
    ("blocking::Reader::checkpoint", "let cut = loop"),
    ("blocking::Lease::advance", "unsafe { reader.ring.front.set_position(position) };"),
    ("blocking::Lease::unlocked", "self.poller.stand(); let _back"),
    ("Ring::assign", "for (slots, splits) in"),
    ("Ring::refill", "if tail.index().since(self.front.freed())"),
    ("Ring::drop", "rest.0.drain()"),
];

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../core/src");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let mut tables = Tables::default();
    write_folder(Path::new("../../core/src"), &Path::new(&out).join("core"), "", &mut tables);
    let Tables { alterations, branches, operations, .. } = tables;
    let text = format!(
        "/// In the order of the source.\npub const ALTERATIONS: &[Alteration] = &[\n{alterations}];\n\
         /// In the order of the source.\npub const BRANCHES: &[Branch] = &[\n{branches}];\n\
         /// In the order of the source.\npub const OPERATIONS: &[&str] = &[\n{operations}];\n"
    );
    fs::write(Path::new(&out).join("altered.rs"), text).expect("cargo has made the folder");
}

/// What is written into `altered.rs`, and how many of each there are.
#[derive(Default)]
struct Tables {
    alterations: String,
    alteration: usize,
    branches: String,
    branch: usize,
    operations: String,
    operation: usize,
}

fn write_folder(from: &Path, to: &Path, below: &str, tables: &mut Tables) {
    fs::create_dir_all(to).expect("cargo has made the folder above");
    let mut entries: Vec<_> =
        fs::read_dir(from).expect("the core is there").map(|entry| entry.expect("as above")).collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let name = entry.file_name().into_string().expect("the core's files have plain names");
        let path = format!("{below}{name}");
        if entry.path().is_dir() {
            write_folder(&entry.path(), &to.join(&name), &format!("{path}/"), tables);
            continue;
        }
        let source = fs::read_to_string(entry.path()).expect("the core can be read");
        let text = match &*path {
            // It is included, and its inner attributes are its includer's.
            "lib.rs" => source
                .lines()
                .filter(|line| !line.starts_with("#![") && !line.starts_with("//!"))
                .fold(String::new(), |text, line| text + line + "\n"),
            _ if UNALTERED.iter().any(|beginning| path.starts_with(beginning)) => source,
            _ => File::new(&path, &source, tables).altered(),
        };
        fs::write(to.join(&name), text).expect("cargo has made the folder");
    }
}

/// Text in place of other text.
#[derive(Clone)]
struct Edit(Range<usize>, String);

fn edited(source: &str, range: Range<usize>, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|Edit(at, _)| at.start);
    let (mut text, mut from) = (String::new(), range.start);
    for Edit(at, new) in edits {
        text += &source[from..at.start];
        text += new;
        from = at.end;
    }
    text + &source[from..range.end]
}

/// One file of the core.
struct File<'a> {
    path: String,
    source: &'a str,
    tables: &'a mut Tables,
    /// As far as users write it: `blocking::`.
    module: &'static str,
    /// The type whose methods these are.
    owner: String,
    /// Is it a trait's function that users reach?
    of_a_trait: bool,
    edits: Vec<Edit>,
}

impl<'a> File<'a> {
    fn new(path: &str, source: &'a str, tables: &'a mut Tables) -> Self {
        let module = match path.split(['/', '.']).next() {
            Some("blocking") => "blocking::",
            Some("delivery") => "delivery::",
            _ => "",
        };
        let path = format!("core/src/{path}");
        Self { path, source, tables, module, owner: String::new(), of_a_trait: false, edits: Vec::new() }
    }

    fn altered(mut self) -> String {
        let file = syn::parse_file(self.source).unwrap_or_else(|error| panic!("{}: {error}", self.path));
        self.visit_file(&file);
        edited(self.source, 0..self.source.len(), &self.edits)
    }

    fn function(&mut self, signature: &syn::Signature, public: bool, body: &Block) {
        let function = if self.owner.is_empty() {
            signature.ident.to_string()
        } else {
            format!("{}{}::{}", self.module, self.owner, signature.ident)
        };
        let whole = body.span().byte_range();
        let inside = whole.start + 1..whole.end - 1;
        let mut found = Places {
            source: self.source,
            function: &function,
            first_place: self.tables.alteration,
            places: Vec::new(),
            first_branch: self.tables.branch,
            branches: Vec::new(),
            inserts: Vec::new(),
        };
        found.visit_block(body);
        for Place { at, kind, change, .. } in &found.places {
            let edges = if *kind == "ordering" { edges(self.source, at.start().line) } else { Vec::new() };
            let code = one_line(self.source, at.byte_range());
            let row = Row { path: &self.path, line: at.start().line, function: &function, code: &code };
            writeln!(
                self.tables.alterations,
                "Alteration {{ {row}, kind: {kind:?}, change: {change:?}, edges: &{edges:?} }},"
            )
            .expect("a string");
        }
        for (line, code, way) in &found.branches {
            let row = Row { path: &self.path, line: *line, function: &function, code };
            writeln!(self.tables.branches, "Branch {{ {row}, way: {way:?} }},").expect("a string");
        }
        // Each body of an opaque type would have a type of its own.
        let is_opaque =
            matches!(&signature.output, syn::ReturnType::Type(_, of) if matches!(**of, syn::Type::ImplTrait(_)));
        let mut arms = String::new();
        for (number, place) in (self.tables.alteration..).zip(&found.places) {
            if !place.exchanged.is_empty() {
                assert!(!is_opaque, "{function}: its steps are exchanged, and it has an opaque type");
                let body = edited(self.source, inside.clone(), &place.exchanged);
                writeln!(arms, "Some({number}) => {{{body}}}").expect("a string");
            }
        }
        self.tables.alteration += found.places.len();
        self.tables.branch += found.branches.len();
        let own = edited(self.source, inside, &found.inserts);
        let mut text = String::from("{ ");
        if public {
            writeln!(self.tables.operations, "{function:?},").expect("a string");
            write!(text, "let _operation = crate::altered::enter({});", self.tables.operation).expect("a string");
            self.tables.operation += 1;
        }
        if arms.is_empty() {
            text += &own;
        } else {
            write!(text, "match crate::altered::now() {{\n{arms}_ => {{{own}}} }}").expect("a string");
        }
        self.edits.push(Edit(whole, text + "}"));
        if let Some(token) = &signature.constness {
            self.edits.push(Edit(token.span().byte_range(), String::new()));
        }
    }
}

/// What every row of the tables begins with.
struct Row<'a> {
    path: &'a str,
    line: usize,
    function: &'a str,
    code: &'a str,
}

impl std::fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, line, function, code } = self;
        write!(f, "file: {path:?}, line: {line}, function: {function:?}, code: {code:?}")
    }
}

fn one_line(source: &str, range: Range<usize>) -> String {
    let lines = source[range].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The edges that the comment above this line names.
fn edges(source: &str, line: usize) -> Vec<String> {
    let above: Vec<&str> = source.lines().take(line - 1).collect();
    let is_comment = |line: &&&str| line.trim_start().starts_with("//");
    let mut comment: Vec<&str> = above.iter().rev().take_while(is_comment).copied().collect();
    comment.reverse();
    let comment = comment.join(" ");
    let said = comment.split_once("ORD: ").map_or("", |(_, said)| said);
    let mut edges: Vec<String> = said.split('`').skip(1).step_by(2).map(String::from).collect();
    edges.dedup();
    edges
}

impl<'a> Visit<'a> for File<'_> {
    fn visit_item(&mut self, item: &'a Item) {
        match item {
            Item::Impl(of) => {
                let of_a_trait = of.trait_.as_ref().and_then(|(name, _)| name.segments.last());
                // How something is printed decides nothing.
                if of_a_trait.is_some_and(|name| ["Debug", "Display"].contains(&&*name.ident.to_string())) {
                    return;
                }
                self.of_a_trait = of_a_trait.is_some_and(|name| REACHED.contains(&&*name.ident.to_string()));
                let owner =
                    if let syn::Type::Path(owner) = &*of.self_ty { owner.path.segments.last() } else { of_a_trait };
                self.owner = owner.map_or(String::new(), |owner| owner.ident.to_string());
                visit::visit_item_impl(self, of);
                self.owner.clear();
            }
            Item::Fn(function) => self.function(&function.sig, false, &function.block),
            Item::Mod(module) if module.attrs.iter().any(is_for_tests) => {}
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        let is_public = matches!(function.vis, syn::Visibility::Public(_));
        let is_public = is_public || self.of_a_trait && HANDLES.contains(&&*self.owner);
        self.function(&function.sig, is_public, &function.block);
    }
}

/// Traits whose functions are operations of the types below.
const REACHED: &[&str] = &["Drop", "Stream"];
/// What users hold.
const HANDLES: &[&str] = &["Checkpoint", "Cut", "Lease", "OwnedLease", "Poller", "Rows"];

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    matches!(&attribute.meta, syn::Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string().contains("test"))
}

/// One way to leave something out.
struct Place {
    at: Span,
    kind: &'static str,
    change: String,
    /// The two that change places, if that is it.
    exchanged: Vec<Edit>,
}

/// What is found in the body of a function.
struct Places<'s> {
    source: &'s str,
    function: &'s str,
    first_place: usize,
    places: Vec<Place>,
    first_branch: usize,
    /// Line, condition, and which way.
    branches: Vec<(usize, String, &'static str)>,
    /// Around what they contain: those at one place stand in the order in which they have to be made.
    inserts: Vec<Edit>,
}

impl Places<'_> {
    /// The number of another alteration.
    fn place(&mut self, at: Span, kind: &'static str, change: String) -> usize {
        self.places.push(Place { at, kind, change, exchanged: Vec::new() });
        self.first_place + self.places.len() - 1
    }

    /// The statement that says that another branch is taken.
    fn branch(&mut self, code: Span, way: &'static str) -> String {
        let taken = format!(" crate::altered::take({});", self.first_branch + self.branches.len());
        self.branches.push((code.start().line, one_line(self.source, code.byte_range()), way));
        taken
    }

    fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.inserts.push(Edit(at..at, text.into()));
    }

    /// `inner`, unless one of these is in force: then what stands with it. In between, what is found inside.
    fn choose(&mut self, inner: Span, choices: &[(usize, &str)], found: impl FnOnce(&mut Self)) {
        let choices: String = choices.iter().map(|(number, new)| format!("Some({number}) => {new}, ")).collect();
        let inner = inner.byte_range();
        self.insert(inner.start, format!("(match crate::altered::now() {{ {choices}_ => "));
        found(self);
        self.insert(inner.end, " })");
    }

    /// A condition that holds always, and one that never does.
    fn guard(&mut self, condition: &Expr) {
        if binds(condition) {
            return self.visit_expr(condition);
        }
        let always = self.place(condition.span(), "guard", "always true".into());
        let never = self.place(condition.span(), "guard", "always false".into());
        self.choose(condition.span(), &[(always, "true"), (never, "false")], |this| this.visit_expr(condition));
    }
}

impl<'a> Visit<'a> for Places<'_> {
    fn visit_expr_if(&mut self, of: &'a syn::ExprIf) {
        self.guard(&of.cond);
        let taken = self.branch(of.cond.span(), "yes");
        self.insert(of.then_branch.span().byte_range().start + 1, taken);
        self.visit_block(&of.then_branch);
        match &of.else_branch {
            None => {
                let taken = self.branch(of.cond.span(), "no");
                self.insert(of.span().byte_range().end, format!(" else {{{taken} }}"));
            }
            Some((_, other)) => {
                if let Expr::Block(block) = &**other {
                    let taken = self.branch(of.cond.span(), "no");
                    self.insert(block.span().byte_range().start + 1, taken);
                }
                self.visit_expr(other);
            }
        }
    }

    fn visit_expr_while(&mut self, of: &'a syn::ExprWhile) {
        self.guard(&of.cond);
        let taken = self.branch(of.cond.span(), "yes");
        self.insert(of.body.span().byte_range().start + 1, taken);
        self.visit_block(&of.body);
    }

    fn visit_arm(&mut self, arm: &'a syn::Arm) {
        if let syn::Pat::Guard(pattern) = &arm.pat {
            self.guard(&pattern.guard);
        }
        let body = arm.body.span().byte_range();
        let taken = self.branch(arm.pat.span(), "arm");
        self.insert(body.start, format!("{{{taken} "));
        self.visit_expr(&arm.body);
        self.insert(body.end, " }");
    }

    fn visit_expr_binary(&mut self, of: &'a syn::ExprBinary) {
        let neutral = match of.op {
            syn::BinOp::And(_) => "true",
            syn::BinOp::Or(_) => "false",
            _ => return visit::visit_expr_binary(self, of),
        };
        for side in [&of.left, &of.right] {
            if binds(side) {
                self.visit_expr(side);
                continue;
            }
            let without = format!("without {}", one_line(self.source, side.span().byte_range()));
            let number = self.place(of.span(), "guard", without);
            self.choose(side.span(), &[(number, neutral)], |this| this.visit_expr(side));
        }
    }

    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        self.visit_expr(&call.receiver);
        let name = call.method.to_string();
        let is_atomic = ["load", "store", "swap", "compare_exchange"].contains(&&*name) || name.starts_with("fetch_");
        for argument in &call.args {
            let order = named(argument).filter(|_| is_atomic).map(ToString::to_string).unwrap_or_default();
            let weaker: &[&str] = match &*order {
                "Acquire" | "Release" => &["Relaxed"],
                "AcqRel" => &["Acquire", "Release"],
                _ => {
                    self.visit_expr(argument);
                    continue;
                }
            };
            let mut choices = Vec::new();
            for weaker in weaker {
                choices.push((self.place(call.span(), "ordering", format!("{order} to {weaker}")), *weaker));
            }
            self.choose(argument.span(), &choices, |_| ());
        }
    }

    fn visit_block(&mut self, block: &'a Block) {
        for statement in &block.stmts {
            let at = statement.span();
            let range = at.byte_range();
            match statement {
                Stmt::Expr(step, Some(_)) if is_step(step) => {
                    let number = self.place(at, "step", "left out".into());
                    self.insert(range.start, format!("if crate::altered::now() != Some({number}) {{ "));
                    self.visit_stmt(statement);
                    self.insert(range.end, " }");
                }
                // What is kept for its destructor.
                Stmt::Local(local) if bound(local).iter().any(|name| name.starts_with('_')) => {
                    let value = &local.init.as_ref().expect("a guard has a value").expr;
                    let number = self.place(at, "step", "left out".into());
                    let range = value.span().byte_range();
                    self.insert(range.start, format!("(crate::altered::now() != Some({number})).then(|| "));
                    self.visit_expr(value);
                    self.insert(range.end, ")");
                }
                _ => self.visit_stmt(statement),
            }
        }
        for pair in block.stmts.windows(2) {
            let [first, second] = pair else { continue };
            let both = first.span().join(second.span()).expect("one file");
            let code = one_line(self.source, both.byte_range());
            let is_refused = |(of, begin): &(&str, &str)| *of == self.function && code.starts_with(begin);
            if may_change_places(first, second) && !REFUSED.iter().any(is_refused) {
                let (one, other) = (first.span().byte_range(), second.span().byte_range());
                let text = |range: &Range<usize>| self.source[range.clone()].to_string();
                let exchanged = vec![Edit(one.clone(), text(&other)), Edit(other.clone(), text(&one))];
                self.places.push(Place { at: both, kind: "order", change: "exchanged".into(), exchanged });
            }
        }
    }

    fn visit_item(&mut self, item: &'a Item) {
        // Items inside a body belong to it; macros and imports do not change.
        if matches!(item, Item::Impl(_) | Item::Fn(_)) {
            visit::visit_item(self, item);
        }
    }
}

/// Is this done for what it does, and goes control on behind it?
fn is_step(expr: &Expr) -> bool {
    // Of the binary operators only compound assignments stand alone.
    matches!(expr, Expr::MethodCall(_) | Expr::Call(_) | Expr::Assign(_) | Expr::Unsafe(_) | Expr::Binary(_))
}

/// Does this bind names? Then what follows needs it.
fn binds(condition: &Expr) -> bool {
    struct Lets(bool);
    impl<'a> Visit<'a> for Lets {
        fn visit_expr_let(&mut self, _: &'a syn::ExprLet) {
            self.0 = true;
        }
    }
    let mut lets = Lets(false);
    lets.visit_expr(condition);
    lets.0
}

fn named(argument: &Expr) -> Option<&syn::Ident> {
    if let Expr::Path(path) = argument { path.path.get_ident() } else { None }
}

fn bound(local: &syn::Local) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'a> Visit<'a> for Names {
        fn visit_pat_ident(&mut self, name: &'a syn::PatIdent) {
            self.0.push(name.ident.to_string());
        }
    }
    let mut names = Names(Vec::new());
    names.visit_pat(&local.pat);
    names.0
}

/// The names that a statement mentions, and whether it calls anything.
fn mentioned(statement: &Stmt) -> (Vec<String>, bool) {
    #[derive(Default)]
    struct Names(Vec<String>, bool);
    impl<'a> Visit<'a> for Names {
        fn visit_ident(&mut self, name: &'a syn::Ident) {
            self.0.push(name.to_string());
        }
        fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
            self.1 = true;
            visit::visit_expr_method_call(self, call);
        }
        fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
            self.1 = true;
            visit::visit_expr_call(self, call);
        }
    }
    let mut names = Names::default();
    names.visit_stmt(statement);
    (names.0, names.1)
}

/// Can two neighbours be exchanged, and could it matter? Both do something, and neither needs what the other binds.
fn may_change_places(first: &Stmt, second: &Stmt) -> bool {
    let is_plain = |statement: &Stmt| {
        matches!(
            statement,
            Stmt::Local(_) | Stmt::Expr(_, Some(_)) | Stmt::Expr(Expr::If(_) | Expr::ForLoop(_) | Expr::While(_), None)
        )
    };
    let leaves =
        |statement: &Stmt| matches!(statement, Stmt::Expr(Expr::Return(_) | Expr::Break(_) | Expr::Continue(_), _));
    let binds = |statement: &Stmt| if let Stmt::Local(local) = statement { bound(local) } else { Vec::new() };
    let (names_of_first, first_does) = mentioned(first);
    let (names_of_second, second_does) = mentioned(second);
    is_plain(first)
        && is_plain(second)
        && !leaves(first)
        && !leaves(second)
        && first_does
        && second_does
        && !binds(first).iter().any(|name| names_of_second.contains(name))
        && !binds(second).iter().any(|name| names_of_first.contains(name))
}
