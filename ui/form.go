package ui

import (
	"strings"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// form is the fields of one step.
type form struct {
	g      *guide
	fields []setup.Field // those that are shown
	inputs []input       // beside fields
}

// input is what a person fills a field in with.
type input struct {
	object fyne.CanvasObject
	focus  fyne.Focusable
	value  func() string
	set    func(string)
}

// newForm makes the fields that count under the values of the step.
func newForm(g *guide, step *setup.Step, values setup.Values) *form {
	f := &form{g: g}
	for _, field := range step.Fields {
		if field.Kind == setup.Pick && values[field.Key] == "" && len(field.Choices) > 0 {
			values[field.Key] = field.Choices[0].Value // others may count under it
		}
		if field.Shows(values) {
			f.fields = append(f.fields, field)
		}
	}
	for i := range f.fields {
		in := f.input(&f.fields[i])
		in.set(values[f.fields[i].Key])
		f.inputs = append(f.inputs, in)
	}
	return f
}

// into writes what is filled in into values.
func (f *form) into(values setup.Values) {
	for i, in := range f.inputs {
		values[f.fields[i].Key] = in.value()
	}
}

// at is the place of the field key; -1: it is not shown.
func (f *form) at(key string) int {
	for i := range f.fields {
		if f.fields[i].Key == key {
			return i
		}
	}
	return -1
}

func (f *form) object(wrongKey string, wrong error) fyne.CanvasObject {
	items := make([]kit.Item, len(f.fields))
	for i := range f.fields {
		var err error
		if f.fields[i].Key == wrongKey {
			err = wrong
		}
		items[i] = kit.Fixed(f.row(&f.fields[i], f.inputs[i], err))
	}
	return kit.Tall(14, items...)
}

// row is a field: what it is and where it is found on the left, what is filled in and what is wrong with it on the right.
func (f *form) row(field *setup.Field, in input, wrong error) fyne.CanvasObject {
	l := f.g.room.l
	label := l.T(field.Label)
	if field.Optional {
		label = l.T("%s (optional)", label)
	}
	about := []kit.Item{kit.Fixed(kit.NewProse(label, 16, kit.Ink, true))}
	if field.Where != "" {
		about = append(about, kit.Fixed(kit.NewProse(l.T(field.Where), 13.5, kit.Muted, false)))
	}
	filled := []kit.Item{kit.Fixed(in.object)}
	if wrong != nil {
		filled = append(filled, kit.Fixed(kit.NewProse(l.Error(wrong), 15, kit.Bad, true)))
	}
	return kit.Row(18, kit.Share(42, kit.Tall(1, about...)), kit.Share(58, kit.Tall(4, filled...)))
}

func (f *form) input(field *setup.Field) input {
	l, g := f.g.room.l, f.g
	switch field.Kind {
	case setup.Pick:
		return f.pick(field)
	case setup.Paper, setup.Zip:
		var p *kit.PaperField
		p = kit.NewPaperField(paperHint(l, field), l.T("Choose file"), g.onFieldKey, func() { g.chooseFile(field.Key) },
			func(n int) string { return l.T("pasted, %d characters", n) })
		p.OnEnter, p.OnFocus = g.onEnter, func() { g.reveal(p.Object) }
		changed := p.OnChanged
		p.OnChanged = func(now string) {
			if typed, over := typedOver(now); over {
				p.SetText(typed)
				return
			}
			changed(now)
		}
		return input{p.Object, p, p.Value, p.SetValue}
	}
	e := kit.NewEntry(l.T(field.Example), g.onFieldKey)
	e.Password = field.Kind == setup.Secret
	e.OnEnter, e.OnFocus = g.onEnter, func() { g.reveal(e) }
	e.OnChanged = func(now string) {
		if typed, over := typedOver(now); over {
			e.SetText(typed)
		}
	}
	return input{e, e, func() string { return e.Text }, e.SetText}
}

// typedOver is what was typed into a field that showed that something is held: none of the dots belong to it.
func typedOver(now string) (typed string, over bool) {
	return strings.ReplaceAll(now, "•", ""), now != setup.Held && strings.Contains(now, "•")
}

// paperHint is what an empty field for a file says.
func paperHint(l words.Language, field *setup.Field) string {
	if field.Kind == setup.Zip {
		return l.T("Drop the zip here")
	}
	return l.T("Drop or paste it here")
}

func (f *form) pick(field *setup.Field) input {
	var values, labels []string
	for _, c := range field.Choices {
		values, labels = append(values, c.Value), append(labels, f.g.room.l.T(c.Label))
	}
	p := kit.NewPick(values, labels, f.g.onFieldKey)
	p.OnChanged = func(string) { f.g.onPick(field.Key) }
	p.OnEnter, p.OnFocus = f.g.onEnter, func() { f.g.reveal(p) }
	return input{p, p, p.Value, p.SetValue}
}
