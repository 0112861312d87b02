package main

import (
	"context"
	"fmt"
	"strings"

	"saoma/assets/words"
	"saoma/pos"
)

// command is one word of the command line.
type command struct {
	name  string
	usage string
	about func(words.Language) string
	run   func(*app, context.Context, *flags, []string) error
}

// commands is in the order shown to people. It is a function because the commands refer to it.
func commands() []command {
	return []command{
		{"init", "init --sandbox [--listen 127.0.0.1:PORT] [--shop NAME] [--counter CODE]", aboutInit, (*app).init},
		{"sandbox", "sandbox [--listen 127.0.0.1:PORT] [--speed N] [--papers DIR [--certificates]]", aboutSandbox, (*app).sandbox},
		{"setup", "setup [--step STEP] [--set KEY=VALUE]… [--skip STEP,…] [--try STEP] [--confirm FINGERPRINT] [--wallet wechat|alipay] [--remove-originals]", aboutSetup, (*app).setup},
		{"serve", "serve", aboutServe, (*app).serve},
		{"charge", "charge AMOUNT --wallet wechat|alipay [--title T] [--timeout 5m]", aboutCharge, (*app).charge},
		{"orders", "orders [--day YYYY-MM-DD]", aboutOrders, (*app).orders},
		{"show", "show NO", aboutShow, (*app).show},
		{"check", "check NO", aboutCheck, (*app).check},
		{"cancel", "cancel NO", aboutCancel, (*app).cancel},
		{"refund", "refund NO AMOUNT --reason R [--wait 30s] [--approved-by NAME [--approval-pin-file FILE]]", aboutRefund, (*app).refund},
		{"report", "report [--day YYYY-MM-DD] [--per day|week|month] [--from D --to D] [--payments] [--format csv|xlsx|pdf|json] [-o FILE]", aboutReport, (*app).report},
		{"search", "search WORDS [--wallet wechat|alipay] [--state STATE] [--from D] [--to D]", aboutSearch, (*app).search},
		{"shift", "shift [open NAME | close [--note TEXT] [--sign-over NAME]]", aboutShift, (*app).shift},
		{"close-day", "close-day [--day YYYY-MM-DD] [--note TEXT]", aboutCloseDay, (*app).closeDay},
		{"reopen-day", "reopen-day --reason TEXT", aboutReopenDay, (*app).reopenDay},
		{"settlement", "settlement [--list | --wallet wechat|alipay --through YYYY-MM-DD [--note TEXT]]", aboutSettlement, (*app).settlement},
		{"exceptions", "exceptions [--all]", aboutExceptions, (*app).exceptions},
		{"resolve", "resolve NO accept|refund|dismiss [--note TEXT]", aboutResolve, (*app).resolve},
		{"users", "users [add NAME --role ROLE | role NAME ROLE | pin NAME | disable NAME | enable NAME | rescue NAME --owner-key FILE] [--new-pin-file FILE]", aboutUsers, (*app).users},
		{"audit", "audit [--user NAME] [--action A] [--about NO] [--since DATE] [--until DATE] [--format csv|json] [-o FILE]", aboutAudit, (*app).audit},
		{"doctor", "doctor [--only NAME,…] [--order] [--serve] [--bundle FILE]", aboutDoctor, (*app).doctor},
		{"verify", "verify", aboutVerify, (*app).verify},
		{"keys", "keys [seal --keychain|--passphrase | passphrase | unseal] [--passphrase-file FILE]", aboutKeys, (*app).keys},
		{"backup", "backup [FILE]", aboutBackup, (*app).backup},
		{"restore", "restore FILE [--force] [--offline]", aboutRestore, (*app).restore},
		{"recover", "recover --day YYYY-MM-DD", aboutRecover, (*app).recover},
		{"reconcile", "reconcile --day YYYY-MM-DD [--wallet wechat|alipay] [--again | --fix N import|query|note] | --list | --sign-off YYYY-MM-DD [--note TEXT]", aboutReconcile, (*app).reconcile},
	}
}

func find(name string) *command {
	for _, c := range commands() {
		if c.name == name {
			return &c
		}
	}
	return nil
}

func names() string {
	var list []string
	for _, c := range commands() {
		list = append(list, c.name)
	}
	return strings.Join(list, ", ")
}

// overview prints what there is.
func (a *app) overview() {
	fmt.Fprintln(a.out, a.lang.T("Saoma takes WeChat Pay and Alipay at a counter. Usage:"))
	fmt.Fprintln(a.out, "  saomactl [--data DIR] [--json] [--lang zh|en] COMMAND …")
	fmt.Fprintln(a.out)
	for _, c := range commands() {
		fmt.Fprintf(a.out, "  %-10s %s\n", c.name, firstSentence(c.about(a.lang)))
	}
	fmt.Fprintln(a.out)
	fmt.Fprintln(a.out, a.lang.T("Every command: --data DIR is the data folder (default: the user's configuration folder); --json prints one JSON object a line, amounts in fen; --lang zh|en is the language."))
	fmt.Fprintln(a.out, a.lang.T("Where the counter has users, every command that acts needs --user NAME, and the PIN in a file of mode 0600, --pin-file FILE, or typed when it is asked for."))
	fmt.Fprintln(a.out, a.lang.T("Exit codes: 0 done, 1 error, 2 wrong input (nothing was written), 3 closed or expired without payment."))
	fmt.Fprintln(a.out, a.lang.T("More about one command: saomactl help COMMAND"))
}

// help prints what one command does.
func (a *app) help(args []string) error {
	if len(args) == 0 {
		a.overview()
		return nil
	}
	c := find(args[0])
	if c == nil {
		return pos.Errorf(pos.Invalid, "%s is not a command; allowed are %s.", args[0], names())
	}
	a.explain(c)
	return nil
}

func (a *app) explain(c *command) {
	fmt.Fprintln(a.out, "saomactl "+c.usage)
	fmt.Fprintln(a.out)
	fmt.Fprintln(a.out, c.about(a.lang))
}

// asked prints the command's help if --help is on its line.
func (a *app) asked(f *flags) bool {
	if f.help {
		a.explain(find(f.name))
	}
	return f.help
}

func firstSentence(s string) string {
	first, _, _ := strings.Cut(s, ". ") // not the dot in 0.01
	first, _, _ = strings.Cut(first, "。")
	return strings.TrimSuffix(first, ".")
}

func aboutInit(l words.Language) string {
	return l.T("Make a data folder wired to a sandbox, with fresh keys. An existing one is never overwritten. --listen chooses the sandbox's address, --shop the shop's name, --counter the counter's code.")
}

func aboutSandbox(l words.Language) string {
	return l.T("Run both simulated gateways and the customer's phone page. --listen moves the sandbox and rewrites the addresses in saoma.toml; 0.0.0.0 lets a phone in the same network in. --speed divides the delays of notifications and refunds. --papers hands a merchant's papers out into DIR, as the platforms do, for saomactl setup or the window's assistant; with --certificates, Alipay's are those of certificate mode.")
}

func aboutSetup(l words.Language) string {
	return l.T("Set up a real shop step by step: the shop, its manager, how keys are kept, WeChat Pay, Alipay, the way for notifications, and a payment of ¥0.01 that is paid back. Without flags it asks, and goes on where it was left. --set fills fields in without asking, papers by their files, other secrets as @FILE; --json alone lists all steps and fields. --try has a step tried; --step trial makes the payment.")
}

func aboutServe(l words.Language) string {
	return l.T("Run the counter without a window: notifications and polling, until SIGTERM. What was not final when the last counter ended is taken up again; every change is one line.")
}

func aboutCharge(l words.Language) string {
	return l.T("Take a payment: show the QR code and wait until it is paid, closed or expired. --timeout is how long the code can be paid here, such as 90s or 5m. Ctrl-C cancels the payment.")
}

func aboutOrders(l words.Language) string {
	return l.T("List a day's payments with their states. Works beside a running counter.")
}

func aboutShow(l words.Language) string {
	return l.T("Show an order with its payments, refunds and exceptions. NO is an out_trade_no. Works beside a running counter.")
}

func aboutCheck(l words.Language) string {
	return l.T("Ask the platform about one payment now, and print its state.")
}

func aboutCancel(l words.Language) string {
	return l.T("Withdraw a payment, with proof from the platform. Without the proof it stays closing and watched.")
}

func aboutRefund(l words.Language) string {
	return l.T("Give money back, in full or in part. AMOUNT is yuan, such as 1.00; --wait is how long to wait for the outcome. --approved-by names the supervisor who approves what a cashier may not refund alone.")
}

func aboutReport(l words.Language) string {
	return l.T("Print or write a day's report. Without --format it is a table; -o writes a file. Works beside a running counter.")
}

func aboutVerify(l words.Language) string {
	return l.T("Check every invariant of the ledger and name the rows that break one. Works beside a running counter.")
}

func aboutDoctor(l words.Language) string {
	return l.T("Look at everything the counter needs, from saoma.toml to the printer, and say what to do where something is wrong. It works beside a running counter and charges nothing. --only takes names or groups of checks; --order makes an order of ¥0.01 at each platform, whose code nobody is shown and which has ended 90 seconds later; --serve answers at notify.listen meanwhile, while the counter is closed; --bundle writes a support file without secrets. Exit 1 if anything is red.")
}

func aboutExceptions(l words.Language) string {
	return l.T("List what waits for a manager's decision, with what happened and what can be decided. --all adds what is decided already. Works beside a running counter.")
}

func aboutResolve(l words.Language) string {
	return l.T("Decide an exception: accept credits the money, refund gives it back, dismiss needs a --note and enters nothing: note what was done outside this ledger. NO is its number in: saomactl exceptions")
}

func aboutKeys(l words.Language) string {
	return l.T("Tell how the files with the shop's secrets are kept, or keep them otherwise. seal encrypts them under a key that this computer's keychain holds, or under a passphrase; passphrase changes it; unseal makes them plain again. --passphrase-file names a file of mode 0600 that holds the new passphrase; without it, it is asked for.")
}

func aboutUsers(l words.Language) string {
	return l.T("List who works at this counter, or change it. The roles are cashier, supervisor and manager; the first user is a manager, and only a manager, named by --user, makes others. --new-pin-file names a file of mode 0600 that holds the new PIN; without it, it is asked for. Nobody is deleted, only disabled. Where the only manager has forgotten the PIN, rescue gives a new one to whoever brings a copy of the shop's private key for WeChat Pay or Alipay from outside the data folder, --owner-key, if the platform accepts it; sealed keys need their passphrase, too, and the audit says so.")
}

func aboutAudit(l words.Language) string {
	return l.T("Show who did what, the newest first, and whether the audit chain is whole. --user, --action and --about (a payment, a refund or \"user NAME\") choose; --since and --until are dates, or times such as \"2026-01-31 18:30\". Without --format the newest 100 are shown. Works beside a running counter.")
}

func aboutBackup(l words.Language) string {
	return l.T("Copy the ledger into a new file, as it is at one moment. Without FILE it joins the daily backups in the data folder. Works beside a running counter.")
}

func aboutRestore(l words.Language) string {
	return l.T("Put a backup in the place of the ledger, then find again from the platforms' bills what happened after it. The old ledger is kept beside it; --force replaces one that holds more than the backup. --offline leaves the platforms out.")
}

func aboutRecover(l words.Language) string {
	return l.T("Find again what the ledger lost of one day of the platforms, from their bills and signed answers. A day's bill is made at 10:00 of the next day in China; doing it twice changes nothing.")
}

func aboutReconcile(l words.Language) string {
	return l.T("Compare the platforms' bills of a day with the ledger, line by line. An open counter does it by itself from 10:00 of the next day in China. --again downloads the bill anew; --fix settles one difference: import and query ask the platform, note needs a --note; --sign-off lets a day be, with a --note and a --wallet; --list tells how the days stand, with --day one day's differences, beside a running counter. Exit 0: everything agrees.")
}

func aboutSearch(l words.Language) string {
	return l.T("Find payments by the first or last characters of a number, by amount, time (14:05), day, title or cashier. Words belong together; the newest come first. Works beside a running counter.")
}

func aboutShift(l words.Language) string {
	return l.T("Show the open shift, open one for a cashier, or close it. Payments that are not final yet are signed over by name with --sign-over.")
}

func aboutCloseDay(l words.Language) string {
	return l.T("Close a business day: its figures never change afterwards, and later payments belong to the next day. It backs the ledger up and writes the day's files to export.folder.")
}

func aboutReopenDay(l words.Language) string {
	return l.T("Let today, closed too early, take payments again. What was counted stays counted; closing again makes a second close.")
}

func aboutSettlement(l words.Language) string {
	return l.T("Show what each platform owes the shop, or book what it has paid out through a day; --list shows what was booked.")
}
