package kit

// uses counts the keys and taps that the widgets and windows of this program have had. It belongs to the UI thread.
var uses int

// Use counts one more: a person is at the machine.
func Use() { uses++ }

// Uses is how often a person used any window so far; one that does not grow says that nobody is there.
func Uses() int { return uses }
