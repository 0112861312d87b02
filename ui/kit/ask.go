package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Question is a modal question with two answers; the safe one is also Escape's and Enter's.
type Question struct {
	popup  *widget.PopUp
	answer func(yes bool)
	Yes    *Button
	No     *Button
}

// Ask shows a question over a canvas. answer is called once.
func Ask(c fyne.Canvas, title, text, yes, no string, answer func(yes bool)) *Question {
	q := &Question{answer: answer}
	q.Yes = NewButton(yes, "", "", PlainLook, func() { q.Close(true) })
	q.No = NewButton(no, "", "", StrongLook, func() { q.Close(false) })
	body := AtLeast(520, 0, Inset(18, 18, Col(12,
		Fixed(NewText(title, 24, Ink, true)),
		Fixed(NewFit(text, 18, Ink, false, 3)),
		Fixed(AtLeast(0, 8, container.NewWithoutLayout())),
		Fixed(Row(12, Gap(1), Fixed(AtLeast(130, 0, q.Yes)), Fixed(AtLeast(130, 0, q.No)))),
	)))
	q.popup = widget.NewModalPopUp(body, c)
	q.popup.Show()
	return q
}

// Close answers the question and takes it away.
func (q *Question) Close(yes bool) {
	if q.answer == nil {
		return
	}
	answer := q.answer
	q.answer = nil
	q.popup.Hide()
	answer(yes)
}
