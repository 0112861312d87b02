package assets

import (
	"encoding/binary"
	"math"
)

// tone is one note of a sound.
type tone struct {
	hertz float64
	at    float64 // seconds from the start
	lasts float64 // seconds until it has died away
}

const sampleRate = 22050

// PaidSound is the chime that tells the cashier the money is there: a rising major chord, as a WAV file.
func PaidSound() []byte {
	return wav([]tone{{659.26, 0, 0.5}, {830.61, 0.10, 0.5}, {987.77, 0.20, 0.5}, {1318.51, 0.30, 0.9}})
}

// AlertSound is the double knock that asks for attention, as a WAV file.
func AlertSound() []byte {
	return wav([]tone{{392.00, 0, 0.25}, {311.13, 0.18, 0.4}})
}

// wav mixes struck notes to 16-bit mono PCM behind a WAV header.
func wav(tones []tone) []byte {
	end := 0.0
	for _, t := range tones {
		end = max(end, t.at+t.lasts)
	}
	mix := make([]float64, int(end*sampleRate))
	for _, t := range tones {
		for i := int(t.at * sampleRate); i < int((t.at+t.lasts)*sampleRate); i++ {
			s := float64(i)/sampleRate - t.at
			attack := min(s/0.005, 1) // a hard start would click
			decay := math.Exp(-6 * s / t.lasts)
			mix[i] += 0.25 * attack * decay * (math.Sin(2*math.Pi*t.hertz*s) + 0.3*math.Sin(4*math.Pi*t.hertz*s))
		}
	}
	data := len(mix) * 2
	out := make([]byte, 0, 44+data)
	le := binary.LittleEndian
	out = append(out, "RIFF"...)
	out = le.AppendUint32(out, uint32(36+data))
	out = append(out, "WAVEfmt "...)
	out = le.AppendUint32(out, 16)
	out = le.AppendUint16(out, 1) // PCM
	out = le.AppendUint16(out, 1) // mono
	out = le.AppendUint32(out, sampleRate)
	out = le.AppendUint32(out, sampleRate*2)
	out = le.AppendUint16(out, 2)
	out = le.AppendUint16(out, 16)
	out = append(out, "data"...)
	out = le.AppendUint32(out, uint32(data))
	for _, v := range mix {
		out = le.AppendUint16(out, uint16(int16(max(-1, min(1, v))*math.MaxInt16)))
	}
	return out
}
