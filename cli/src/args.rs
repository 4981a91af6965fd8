//! The grammar of the command line.

use crate::table::{Clock, TimeUnit, Zone};
use clap::{Args, Parser, Subcommand, ValueEnum};
use fenrun::reward::commission::Language;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something was found: a plan or override that pays too much or for recruiting, plans that differ, a
     store that does not verify, a vector that differs, edges that are no forest
  2  the command line or an input is wrong; nothing was written
  3  a file or database cannot be read or written, or the program is at fault

Every command takes --json: one document on standard output, also for errors.";

/// Orders, referral trees and commission splitting in exact integers.
#[derive(Debug, Parser)]
#[command(name = "fenrun", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell who invited a member of a store, and what changed it, when, why and by whom
    Bindings(BindingsArgs),
    /// Prove what a plan can pay at most, and list what its author should know
    Check(CheckArgs),
    /// Show what changes when one plan replaces another: every cent, by person and cause
    Diff(DiffArgs),
    /// Play real purchases from cart to ledger in a new SQLite file, and write a report
    Demo(DemoArgs),
    /// Say why each person got each cent, or nothing; what made a price; what happened to an order
    Explain(ExplainArgs),
    /// Import who invited whom, look at it, change it, and hand it on
    Forest(ForestArgs),
    /// List the orders of a distributor: inviter, invitee, amount, commission and its state
    Orders(OrdersArgs),
    /// List the plans that come with the program, or print one
    Plans(PlansArgs),
    /// Settle a file of orders under a plan
    Settle(SettleArgs),
    /// Make a signed share code with its link and QR image, or read one
    Share(ShareArgs),
    /// Tell what a member had, got and gave in a period
    Statement(StatementArgs),
    /// Show the transition table of orders, after-sale cases, withdrawals or commission
    States(StatesArgs),
    /// Run golden vectors and list every mismatch
    Vectors(VectorsArgs),
    /// Check a whole store against itself, reading only: chains, outcomes, journals, balances
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A plan file (TOML or JSON), or preset:NAME
    pub(crate) plan: String,
    /// Also try what false identities and split sales gain, on sample sales
    #[arg(long)]
    pub(crate) sybil: bool,
    /// The most false identities in a row
    #[arg(long, value_name = "N", default_value_t = 3, requires = "sybil")]
    pub(crate) identities: usize,
    /// The most parts a sale is split in
    #[arg(long, value_name = "N", default_value_t = 4, requires = "sybil")]
    pub(crate) parts: usize,
    /// How many periods in a row are closed, each with the carry and the ranks of the one before
    #[arg(long, value_name = "N", default_value_t = 1, requires = "sybil")]
    pub(crate) periods: usize,
}

#[derive(Debug, Args)]
pub(crate) struct PlansArgs {
    /// The preset to print as TOML; without it, all are listed
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct VectorsArgs {
    /// Files in the schema fenrun.vectors/1
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct StatesArgs {
    /// Whose table
    #[arg(long, value_enum, default_value = "order")]
    pub(crate) machine: MachineName,
    /// As a graph in the DOT language
    #[arg(long, conflicts_with = "display")]
    pub(crate) dot: bool,
    /// What people are shown for each state, in English and Chinese
    #[arg(long)]
    pub(crate) display: bool,
}

/// What has a transition table.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MachineName {
    Order,
    Case,
    Withdrawal,
    Commission,
}

#[derive(Debug, Args)]
pub(crate) struct StatementArgs {
    /// A store
    pub(crate) file: PathBuf,
    /// Whose statement
    #[arg(long, value_name = "ID")]
    pub(crate) member: String,
    /// The tenant of the store the member belongs to
    #[arg(long, default_value = "")]
    pub(crate) tenant: String,
    /// From this day or moment on, such as 2026-01-31 or `2026-01-31 20:00`
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Up to this day or moment, not included
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Where days begin and in which zone times are shown: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
    /// The language of the statement
    #[arg(long, value_enum, default_value = "en")]
    pub(crate) lang: Lang,
}

#[derive(Debug, Args)]
pub(crate) struct BindingsArgs {
    /// A store
    pub(crate) file: PathBuf,
    /// Whose history
    #[arg(long, value_name = "ID")]
    pub(crate) member: String,
    /// The tenant of the store the member belongs to
    #[arg(long, default_value = "")]
    pub(crate) tenant: String,
    /// In which zone times are shown: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
    /// The language of the history
    #[arg(long, value_enum, default_value = "en")]
    pub(crate) lang: Lang,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A store
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ForestArgs {
    #[command(subcommand)]
    pub(crate) job: ForestJob,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ForestJob {
    /// List every cycle, orphan and second parent of a CSV; save it as one file where there is none
    Import(ForestImportArgs),
    /// Write a saved forest as CSV or as a graph in the DOT language
    Export(ForestExportArgs),
    /// Show a saved forest, or one member of it: upline, team, generations
    Show(ForestShowArgs),
    /// Put a new member, or a member under another inviter, into the journal of a saved forest
    Join(ForestJoinArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ForestImportArgs {
    /// CSV of members: member, inviter and valid_from; other columns are left alone
    pub(crate) file: PathBuf,
    /// Where the saved forest goes
    #[arg(long, value_name = "FOREST")]
    pub(crate) out: Option<PathBuf>,
    /// The unit of times written as whole numbers since 1970-01-01 UTC
    #[arg(long, value_enum)]
    pub(crate) time_unit: Option<TimeUnit>,
    /// Where times written as dates were read off the clock: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
}

#[derive(Debug, Args)]
pub(crate) struct ForestExportArgs {
    /// A saved forest
    pub(crate) file: PathBuf,
    /// As what
    #[arg(long, value_enum, default_value = "csv")]
    pub(crate) format: ForestFormat,
    /// Who was below whom at this day or moment, such as 2026-01-31 or `2026-01-31 20:00`. Members, ranks and closed
    /// accounts are those of now: who joined later stands below nobody
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// The zone of that time: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
    /// Where it goes; standard output without it
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) out: PathBuf,
}

/// What a forest is written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ForestFormat {
    /// A row a member: member, inviter, rank, closed
    Csv,
    /// A row for each inviter a member had: member, inviter, valid_from in milliseconds since 1970-01-01 UTC
    History,
    /// A graph in the DOT language
    Dot,
}

#[derive(Debug, Args)]
pub(crate) struct ForestShowArgs {
    /// A saved forest
    pub(crate) file: PathBuf,
    /// One member of it
    #[arg(long, value_name = "ID")]
    pub(crate) member: Option<String>,
    /// How many people of the team are skipped
    #[arg(long, value_name = "N", default_value_t = 0, requires = "member")]
    pub(crate) after: usize,
    /// The most people of a page
    #[arg(long, value_name = "N", default_value_t = 50, requires = "member")]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ForestJoinArgs {
    /// A saved forest
    pub(crate) file: PathBuf,
    /// Who joins or moves
    #[arg(long, value_name = "ID")]
    pub(crate) member: String,
    /// Below whom; nobody without it
    #[arg(long, value_name = "ID")]
    pub(crate) inviter: Option<String>,
    /// From which day or moment on; without it, always
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// The zone of that time: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
}

#[derive(Debug, Args)]
pub(crate) struct ShareArgs {
    #[command(subcommand)]
    pub(crate) job: ShareJob,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShareJob {
    /// Sign a code for a member
    New(ShareNewArgs),
    /// Say what a code, or a link with one, says
    Check(ShareCheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShareNewArgs {
    /// The keys, `ID HEX` a line: an id from 0 to 255, and at least 16 bytes; the first one signs
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,
    /// Who shares
    #[arg(long, value_name = "ID")]
    pub(crate) member: u64,
    /// A number of the shop's
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) campaign: u32,
    /// From which day or moment on it is refused; without it, never
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// The zone of that time: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
    /// A page of the shop, to make a link of
    #[arg(long, value_name = "URL")]
    pub(crate) page: Option<String>,
    /// A QR image of the link, or of the code alone; .svg or .png, given as often as wanted
    #[arg(long, value_name = "FILE")]
    pub(crate) qr: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShareCheckArgs {
    /// The keys, as they are for `new`
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,
    /// The code, or a link with one
    pub(crate) code: String,
    /// As of this day or moment; now without it
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// The zone of that time, and of what is shown: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
}

#[derive(Debug, Args)]
pub(crate) struct OrdersArgs {
    /// A store
    pub(crate) file: PathBuf,
    /// Whose orders: who invited the buyer, or earned from the order
    #[arg(long, value_name = "ID")]
    pub(crate) distributor: String,
    /// The tenant of the store
    #[arg(long, default_value = "")]
    pub(crate) tenant: String,
    /// With commission that is pending, confirmed, payable, paid, reversed or clawed_back
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// With commission of this level
    #[arg(long)]
    pub(crate) level: Option<u32>,
    /// Bought by
    #[arg(long, value_name = "ID")]
    pub(crate) invitee: Option<String>,
    /// Placed at or after: 2024-11-11 or `2024-11-11 20:00`
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Placed before
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Where days begin and in which zone times are shown: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
    /// The cursor an earlier page ended with
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
    /// The most orders of a page
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    /// The language of the text
    #[arg(long, value_enum, default_value = "en")]
    pub(crate) lang: Lang,
}

/// How CSV files are read; `docs/reference/csv.md` lists the columns.
#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// CSV of members: member, inviter, rank, valid_from and the facts the plan names
    #[arg(long, value_name = "CSV")]
    pub(crate) members: Option<PathBuf>,
    /// CSV of order lines: order, buyer, paid or paid_minor, and more
    #[arg(long, value_name = "CSV")]
    pub(crate) orders: Option<PathBuf>,
    /// The unit of times written as whole numbers since 1970-01-01 UTC
    #[arg(long, value_enum)]
    pub(crate) time_unit: Option<TimeUnit>,
    /// Where times written as dates were read off the clock: UTC, +08:00 or a name such as Asia/Shanghai
    #[arg(long, default_value = "UTC")]
    pub(crate) time_zone: Zone,
}

impl TableArgs {
    /// How times are read.
    pub(crate) const fn clock(&self) -> Clock {
        Clock { unit: self.time_unit, zone: self.time_zone }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SettleArgs {
    /// A plan file (TOML or JSON), or preset:NAME
    #[arg(long)]
    pub(crate) plan: String,
    #[command(flatten)]
    pub(crate) tables: TableArgs,
    /// The shop the orders belong to: part of every row's key
    #[arg(long, default_value = "")]
    pub(crate) tenant: String,
    /// Where the rows go, `-` for standard output; without it only the totals are printed
    #[arg(long, value_name = "CSV")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The plan before and the plan after, one --plan each: files (TOML or JSON) or preset:NAME. Over a store
    /// one is enough: each sale is compared with the plan it was settled under
    #[arg(long = "plan", value_name = "PLAN", required_unless_present = "set")]
    pub(crate) plans: Vec<String>,
    /// A plan set as JSON: what is in force against what follows it, before that takes effect
    #[arg(long, value_name = "JSON", conflicts_with = "plans")]
    pub(crate) set: Option<PathBuf>,
    /// When the plan is in force that the next one is compared with; now without it
    #[arg(long, value_name = "TIME", requires = "set")]
    pub(crate) at: Option<String>,
    /// The shop of the set that is asked
    #[arg(long, value_name = "NAME", requires = "set")]
    pub(crate) shop: Option<String>,
    /// The category of the set that is asked
    #[arg(long, value_name = "NAME", requires = "set")]
    pub(crate) category: Option<String>,
    /// The orders: a CSV of order lines, or a store
    #[arg(value_name = "FILE", required_unless_present_any = ["orders", "closes"], conflicts_with = "orders")]
    pub(crate) file: Option<PathBuf>,
    /// The close of a period as JSON, run under both plans; given as often as wanted
    #[arg(long = "close", value_name = "JSON")]
    pub(crate) closes: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) tables: TableArgs,
    /// The shop the orders belong to
    #[arg(long, default_value = "")]
    pub(crate) tenant: String,
    /// Where every difference goes, a row for each person of each order; `-` for standard output
    #[arg(long, value_name = "CSV")]
    pub(crate) out: Option<PathBuf>,
    /// Where a page with pictures goes
    #[arg(long, value_name = "HTML")]
    pub(crate) page: Option<PathBuf>,
    /// How many people are listed, those with the largest changes first
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,
    /// The language of the text
    #[arg(long, value_enum, default_value = "en")]
    pub(crate) lang: Lang,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Lang {
    En,
    Zh,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::English,
            Lang::Zh => Self::Chinese,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A plan file (TOML or JSON), or preset:NAME; a store knows its own
    #[arg(long, required_unless_present_any = ["store", "quote", "log", "close"])]
    pub(crate) plan: Option<String>,
    /// The close of a period as JSON: who got what by each rule, paid or not, and whose rank changed. Without
    /// --plan it holds a plan set
    #[arg(long, value_name = "JSON", conflicts_with_all = ["quote", "log", "sale", "store", "orders", "members", "order"])]
    pub(crate) close: Option<PathBuf>,
    /// Tell of one person of the close only
    #[arg(long, value_name = "ID", requires = "close")]
    pub(crate) member: Option<u64>,
    /// A quote as JSON: what each promotion took off, and why the others did not
    #[arg(long, value_name = "JSON", conflicts_with_all = ["plan", "sale", "store", "orders", "members", "order"])]
    pub(crate) quote: Option<PathBuf>,
    /// A log of orders, one event a line as JSON: what happened to one, event by event, and how it stands
    #[arg(long, value_name = "JSONL", conflicts_with_all = ["plan", "quote", "sale", "store", "orders", "members"])]
    pub(crate) log: Option<PathBuf>,
    /// A sale as JSON, with its own upline
    #[arg(long, value_name = "JSON", conflicts_with_all = ["orders", "members", "order"])]
    pub(crate) sale: Option<PathBuf>,
    /// A store, such as target/demo/fenrun.db
    #[arg(long, value_name = "DB", requires = "order", conflicts_with_all = ["plan", "sale", "orders", "members"])]
    pub(crate) store: Option<PathBuf>,
    /// The shop the order belongs to; a sale names its own
    #[arg(long, default_value = "", conflicts_with = "sale")]
    pub(crate) tenant: String,
    /// What happened to the order in the store, event by event, instead of who got what of it
    #[arg(long, requires = "store", conflicts_with = "version")]
    pub(crate) events: bool,
    /// The version of the order's sale; the last one on record without it
    #[arg(long, value_name = "N", requires = "store")]
    pub(crate) version: Option<u32>,
    #[command(flatten)]
    pub(crate) tables: TableArgs,
    /// The order to explain
    #[arg(long, value_name = "ID")]
    pub(crate) order: Option<String>,
    /// The language of the explanation
    #[arg(long, value_enum, default_value = "en")]
    pub(crate) lang: Lang,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The purchases; examples/data/cdnow.txt without it
    #[arg(long, value_name = "TXT")]
    pub(crate) data: Option<PathBuf>,
    /// The folder for fenrun.db and report.html; those of an earlier demo there are replaced
    #[arg(long, value_name = "FOLDER", default_value = "target/demo")]
    pub(crate) out: PathBuf,
    /// The seed of the models
    #[arg(long, default_value_t = 1997)]
    pub(crate) seed: u64,
    /// Play the first so many purchases only
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}
