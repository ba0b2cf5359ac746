package config

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand fills in ${VAR} and ${file:PATH}; $$ is one $. Any other $ stays. What was filled in is not looked at again, and
// no error holds any part of the text but a variable's name or a file's path.
func (d *decoder) expand(text string) (string, error) {
	var out strings.Builder
	for {
		dollar := strings.IndexByte(text, '$')
		if dollar < 0 || dollar == len(text)-1 {
			out.WriteString(text)
			return out.String(), nil
		}
		out.WriteString(text[:dollar])
		switch text = text[dollar+1:]; text[0] {
		case '$':
			out.WriteByte('$')
			text = text[1:]
		case '{':
			name, rest, closed := strings.Cut(text[1:], "}")
			if !closed {
				return "", errors.New("has a ${ without its }: write $$ for a plain $")
			}
			value, err := d.lookUp(name)
			if err != nil {
				return "", err
			}
			out.WriteString(value)
			text = rest
		default:
			out.WriteByte('$')
		}
	}
}

func (d *decoder) lookUp(name string) (string, error) {
	if path, ok := strings.CutPrefix(name, "file:"); ok {
		return d.fromFile(path)
	}
	if !variable.MatchString(name) {
		return "", errors.New("has a ${...} that is neither ${VARIABLE} nor ${file:/path}: write $$ for a plain $")
	}
	value, ok := d.env(name)
	if !ok {
		return "", fmt.Errorf("the environment variable %s is not set: set it, or use ${file:/path/to/secret}", name)
	}
	return value, nil
}

func (d *decoder) fromFile(path string) (string, error) {
	data, err := d.readFile(path)
	if err != nil {
		if inner, ok := errors.AsType[*fs.PathError](err); ok {
			err = inner.Err
		}
		return "", fmt.Errorf("cannot read the file %s (%w): check the path and its permissions", path, err)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}
