package db

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// SQLite reads a write-ahead log up to the first frame that does not add up and forgets the rest without
// a word, because that is how a commit looks that the power cut off. A byte that has changed in the
// middle looks the same and would take every later commit with it. The two can be told apart: the
// writer waits for the disk at each commit, so a frame that follows a commit proves that all frames
// before it had been written in full. Format: https://www.sqlite.org/fileformat2.html#walformat

const (
	logHeader   = 32
	frameHeader = 24
	logMagic    = 0x377f0682 // its last bit: checksums of big-endian words
	usualPage   = 4096       // bytes, where the log's own header cannot be trusted
)

// logState is what a look through the log saw.
type logState struct {
	salts  [8]byte // of this turn of the log; frames with others are left from an earlier turn
	broken int64   // the first frame that does not add up but was written in full; 0 the header; -1 none
}

// checkLog looks through the log of the ledger at path. What it sees there while somebody writes is
// damage only if a second look sees the same.
func checkLog(path string) (logState, error) {
	state, err := scanLog(path + "-wal")
	for err == nil && state.broken >= 0 {
		before := state
		if state, err = scanLog(path + "-wal"); state.broken == before.broken && state.salts == before.salts {
			break
		}
	}
	return state, err
}

func (s *logState) damage() error {
	if s.broken == 0 {
		return errors.New("the header of the write-ahead log has changed")
	}
	return fmt.Errorf("frame %d of the write-ahead log has changed, and commits follow it", s.broken)
}

// scanLog looks through the log once.
func scanLog(path string) (s logState, err error) {
	s.broken = -1
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<16)
	header := make([]byte, logHeader)
	if _, err := io.ReadFull(in, header); err != nil {
		return s, cutOff(err)
	}
	copy(s.salts[:], header[16:24])
	var stored checksum
	stored.read(header[24:])
	begin := checksum{order: byteOrder(header)}
	begin.add(header[:24])
	page := binary.BigEndian.Uint32(header[8:])
	if binary.BigEndian.Uint32(header)&^1 != logMagic || !begin.is(stored) || page == 0 || page > 1<<16 {
		err = s.scanUntrusted(in, begin, stored)
	} else {
		err = s.scanFrames(in, begin, page)
	}
	return s, err
}

// scanFrames looks for a frame that does not add up before a commit that another frame follows.
func (s *logState) scanFrames(in io.Reader, sum checksum, page uint32) error {
	var bad int64      // the first frame that does not add up
	var committed bool // the frame before, at or behind bad, was a commit
	frame := make([]byte, frameHeader+page)
	for n := int64(1); ; n++ {
		if _, err := io.ReadFull(in, frame); err != nil {
			return cutOff(err)
		}
		var stored checksum
		stored.read(frame[16:])
		sum.addFrame(frame)
		ours := [8]byte(frame[8:16]) == s.salts
		adds := ours && sum.is(stored)
		switch {
		case bad == 0 && !adds:
			bad = n
		case adds && committed:
			s.broken = bad
			return nil
		}
		committed = bad > 0 && ours && binary.BigEndian.Uint32(frame[4:]) != 0
		sum.s0, sum.s1 = stored.s0, stored.s1
	}
}

// scanUntrusted decides about a log whose header does not add up. It is the header that has changed if
// the first frame follows from it all the same.
func (s *logState) scanUntrusted(in io.Reader, seeds ...checksum) error {
	frame := make([]byte, frameHeader+usualPage)
	if _, err := io.ReadFull(in, frame); err != nil {
		return cutOff(err)
	}
	var stored checksum
	stored.read(frame[16:])
	for _, seed := range seeds {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			sum := checksum{order, seed.s0, seed.s1}
			if sum.addFrame(frame); sum.is(stored) {
				s.broken = 0
			}
		}
	}
	return nil
}

// cutOff is nil where the log only ends within a frame.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// checksum runs on from frame to frame.
type checksum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

// byteOrder is that of the words summed; all else in the log is big-endian.
func byteOrder(header []byte) binary.ByteOrder {
	if header[3]&1 == 1 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (c *checksum) read(b []byte) {
	c.s0, c.s1 = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
}

func (c *checksum) is(o checksum) bool { return c.s0 == o.s0 && c.s1 == o.s1 }

func (c *checksum) addFrame(frame []byte) {
	c.add(frame[:8])
	c.add(frame[frameHeader:])
}

func (c *checksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}
