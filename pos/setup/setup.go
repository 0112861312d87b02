// Package setup is what the first-run assistant and the settings are made of: steps of fields that a shop's
// owner fills in, tries and keeps. The window and the terminal show the same steps; what stands behind an
// Assistant reads the papers, writes the data folder and asks the platforms.
package setup

import (
	"context"
	"errors"

	"saoma/pos"
)

// Step is one page of the assistant.
type Step struct {
	ID     StepID
	Title  string // English; shown through the catalogue, as every text here
	About  string // what the step is for, one or two sentences
	Fields []Field
	Skip   bool // may be passed over
}

// StepID names a step.
type StepID string

// The steps, in the order of the assistant. Language is the window's own: it keeps nothing in the data folder.
const (
	Language StepID = "language"
	Shop     StepID = "shop"
	Manager  StepID = "manager"
	Keys     StepID = "keys" // how secrets are kept on this computer
	WeChat   StepID = "wechat"
	Alipay   StepID = "alipay"
	Address  StepID = "address" // the way for notifications
	Trial    StepID = "trial"   // a payment of 0.01 and its refund
)

// Field is one thing to fill in.
type Field struct {
	Key      string // as in saoma.toml, such as wechat.mchid, where it is kept there
	Label    string
	Where    string // where on the platform's site it is found; empty where that is plain
	Example  string
	Kind     Kind
	Choices  []Choice // of a Pick
	Optional bool
	When     *When // shown only then; nil: always
}

// Kind is how a field is filled in.
type Kind string

const (
	Text   Kind = "text"
	Secret Kind = "secret" // typed hidden: a PIN, a passphrase, the APIv3 key
	Paper  Kind = "paper"  // a file's name, or the text of a key or certificate pasted in
	Zip    Kind = "zip"    // a file's name: the platform's zip, which fills other fields
	Pick   Kind = "pick"
)

// Choice is one value of a Pick.
type Choice struct{ Value, Label string }

// When says that a field counts only while the Pick Key has one of Values.
type When struct {
	Key    string
	Values []string
}

// Values are the texts of a step's fields by Field.Key.
type Values map[string]string

// Shows reports whether f counts under v.
func (f *Field) Shows(v Values) bool {
	if f.When == nil {
		return true
	}
	for _, value := range f.When.Values {
		if v[f.When.Key] == value {
			return true
		}
	}
	return false
}

// State is how far a step is.
type State string

const (
	Open    State = "open"    // not filled in, or not whole
	Kept    State = "kept"    // whole and in the data folder
	Skipped State = "skipped" // passed over
)

// Held is what stands for a secret or a paper that is kept already. Keeping it again changes nothing.
const Held = "••••••"

// FieldError says which field is wrong. Err is the sentence.
type FieldError struct {
	Key string
	Err error
}

func (e *FieldError) Error() string { return e.Key + ": " + e.Err.Error() }
func (e *FieldError) Unwrap() error { return e.Err }

// At makes err the error of the field key; nil stays nil.
func At(key string, err error) error {
	if err == nil {
		return nil
	}
	return &FieldError{key, err}
}

// KeyOf is the field that err is about, and empty where it is about none.
func KeyOf(err error) string {
	if f, ok := errors.AsType[*FieldError](err); ok {
		return f.Key
	}
	return ""
}

// Assistant sets a counter up in its data folder, step by step. Each step is kept on its own, whole or not at
// all, so that the assistant can be left and taken up again at any step. Its methods may block; they are called by one
// goroutine at a time.
type Assistant interface {
	// Steps are the steps that this assistant has, in order.
	Steps() []Step
	// State says how far a step is.
	State(StepID) State
	// Values are what is kept of a step, or what is proposed for it; secrets and papers as Held.
	Values(StepID) Values
	// Keep checks the values and keeps them. The error is of pos, often a FieldError, and nothing is kept then.
	Keep(context.Context, StepID, Values) error
	// Pass leaves a step out that may be.
	Pass(context.Context, StepID) error
	// Try tries what is kept of a step: keys, platform, address. It tells each finding as it is made. An error
	// means that it could not be tried.
	Try(ctx context.Context, id StepID, found func(pos.Finding)) error
	// Confirm accepts the thing that a finding of Try asked the owner to confirm: the ssh server's key.
	Confirm(ctx context.Context, id StepID, fingerprint string) error
	// Originals are the files with secrets that were imported from outside the data folder and are still there.
	Originals() []string
	// RemoveOriginals deletes them.
	RemoveOriginals() error
	// Till opens the counter for the trial, or returns the one that is open. Call it when the steps before are kept.
	Till(ctx context.Context) (*pos.Till, error)
}
