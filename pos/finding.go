package pos

// Level is the colour of a finding.
type Level string

const (
	Green  Level = "green"  // as it should be
	Yellow Level = "yellow" // sales go on; better mended
	Red    Level = "red"    // something does not work
)

// Finding is what one check of the shop's set-up found: one line of the doctor, or of a try in the assistant.
type Finding struct {
	Check string // its stable name, such as wechat_key_pair
	Level Level
	Says  *Error // what was found
	Do    *Error // what to do about it; nil where nothing is
}

// Worst is the level of the worst of the findings, Green of none.
func Worst(findings []Finding) Level {
	worst := Green
	for _, f := range findings {
		if f.Level == Red || (f.Level == Yellow && worst == Green) {
			worst = f.Level
		}
	}
	return worst
}
