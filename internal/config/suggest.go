package config

import "strings"

// didYouMean returns `: did you mean x?` for the word nearest to what was written, "" when none is near.
func didYouMean(written string, words []string) string {
	best, distance := "", 3
	for _, word := range words {
		if n := edits(strings.ToLower(written), strings.ToLower(word)); n < distance && n < len(word) {
			best, distance = word, n
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}

// orKnown is didYouMean, or all the words when none is near.
func orKnown(written string, words []string) string {
	if hint := didYouMean(written, words); hint != "" {
		return hint
	}
	return ": use " + either(words)
}

// edits is the Levenshtein distance in bytes. A long text is far from every word, and not worth the work.
func edits(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(corner+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// either joins words as "a, b or c".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
