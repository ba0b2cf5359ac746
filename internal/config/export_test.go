package config

// Paths lists every setting of the schema as a.b.c, with NAME where the operator chooses a name.
func Paths() []string {
	c := defaults(func(string) (string, bool) { return "", false })
	return paths("", rootKeys(&c))
}

func paths(at string, keys []key) []string {
	var all []string
	for _, k := range keys {
		if len(k.below) == 0 || k.name == "groups" {
			all = append(all, at+k.name)
		}
		all = append(all, paths(at+k.name+".", k.below)...)
	}
	return all
}

// Words that the manual has to list, and functions that have properties of their own.
var (
	ListFields    = listFields
	ClientColumns = clientColumns
	ParseSpan     = parseSpan
	ShowSpan      = showSpan
	AccountTypes  = accountTypes
)
