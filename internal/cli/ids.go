package cli

import (
	"errors"
	"strconv"
	"strings"
)

// idFlag is a flag that takes the id of something: a number above 0.
type idFlag int64

func (f *idFlag) String() string { return strconv.FormatInt(int64(*f), 10) }
func (*idFlag) Type() string     { return "id" }

func (f *idFlag) Set(text string) error {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return errors.New("an id is a number above 0")
	}
	*f = idFlag(id)
	return nil
}

// idsFlag is a flag that takes ids, with commas between them or several times.
type idsFlag []int64

func (*idsFlag) String() string { return "" }
func (*idsFlag) Type() string   { return "ids" }

func (f *idsFlag) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		var id idFlag
		if err := id.Set(strings.TrimSpace(word)); err != nil {
			return err
		}
		*f = append(*f, int64(id))
	}
	return nil
}
