package report

// Underway is a transfer in that goes on.
type Underway struct {
	Key      string
	RecordID int64
	Age      string // since it was first seen pending, in words
	Says     string // the registrar, at the newest look
}

// underway is what is shown of them.
type underway struct {
	Rows []underwayRow
	More string
}

type underwayRow struct {
	Name name
	Age  string
	Says string
}

func (in Input) underway(limit int) underway {
	u := underway{More: in.more(len(in.Underway)-limit, "transfers")}
	for _, one := range in.Underway[:min(len(in.Underway), limit)] {
		u.Rows = append(u.Rows, underwayRow{nameOf(one.Key, one.RecordID), one.Age, plain(one.Says)})
	}
	return u
}
