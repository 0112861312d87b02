package pos

import (
	"errors"
	"fmt"
	"slices"
)

// Code says what kind of failure an Error is; each edge (window, terminal, HTTP) decides by it.
type Code string

const (
	Invalid     Code = "invalid"     // the input is wrong; the sentence says what is allowed
	NotFound    Code = "not_found"   // no such order, payment or refund
	Conflict    Code = "conflict"    // the state does not allow it
	Unavailable Code = "unavailable" // no clear answer yet; ask again
	Setup       Code = "setup"       // the shop's configuration or papers are wrong
	Damaged     Code = "damaged"     // the ledger's file is damaged; it is only read
	Forbidden   Code = "forbidden"   // nobody is signed in who may do this; a wrong name or PIN is one, too

	NeedsApproval Code = "needs_approval" // it needs the PIN of somebody with more rights, on the spot
	Locked        Code = "locked"         // too many wrong PINs; try again later
	Internal      Code = "internal"       // a defect or a broken machine; the log has it in full
)

// Error is a failure with a sentence for a person. Format is the English sentence and, with its
// arguments left out, the key under which its translation is found.
type Error struct {
	Code   Code
	Format string
	Args   []any
	Err    error // the cause, for the log; never shown
}

// Errorf makes an Error. The format must be a constant sentence: it is the key of its translation.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Format: format, Args: args}
}

// Because attaches the cause, for the log.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// Sentence is the English sentence without the cause.
func (e *Error) Sentence() string {
	args := slices.Clone(e.Args)
	for i, a := range args {
		switch a := a.(type) {
		case Wallet:
			args[i] = a.Name()
		case *Error: // its cause is for the log
			args[i] = a.Sentence()
		}
	}
	return fmt.Sprintf(e.Format, args...)
}

// Error is the sentence and, for the log, the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Sentence() + " (" + e.Err.Error() + ")"
	}
	return e.Sentence()
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first Error in err's chain, and Internal for any other error.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
