package wire

import "encoding/json"

// Subscriber is one person as Mailrelay shows them. Status, unsubscribing, bounces, complaints and bans are told apart.
type Subscriber struct {
	ID           Int    `json:"id"`
	Email        Text   `json:"email"` // empty for people known by phone only
	Name         Text   `json:"name"`
	Status       Text   `json:"status"`
	Unsubscribed Bool   `json:"unsubscribed"`
	Bounced      Bool   `json:"bounced"`
	ReportedSpam Bool   `json:"reported_spam"`
	LocalBan     Bool   `json:"local_ban"`
	GlobalBan    Bool   `json:"global_ban"`
	Address      Text   `json:"address"`
	City         Text   `json:"city"`
	State        Text   `json:"state"`
	Country      Text   `json:"country"`
	Birthday     Text   `json:"birthday"`
	Website      Text   `json:"website"`
	TimeZone     Text   `json:"time_zone"`
	Locale       Text   `json:"locale"`
	CustomFields Fields `json:"custom_fields"`
	Groups       Groups `json:"groups"`
}

// Group is one list of the account.
type Group struct {
	ID   Int  `json:"id"`
	Name Text `json:"name"`
}

// CustomField is one field that the account's owner added.
type CustomField struct {
	ID      Int  `json:"id"`
	TagName Text `json:"tag_name"`
}

// Package is what the account has paid for.
type Package struct {
	SubscribersLimit Int `json:"subscribers_limit"`
	SubscribersUsage Int `json:"subscribers_usage"`
}

// Sync is the body of POST /subscribers/sync. Attributes go beside the other members, under their own names.
type Sync struct {
	Email            string
	Status           string
	GroupIDs         []int64
	ReplaceGroups    bool
	RestoreIfDeleted bool
	Attributes       map[string]string
	CustomFields     map[string]string
}

// MarshalJSON writes the attributes first, so that none of them can take the place of a member of ours.
func (s Sync) MarshalJSON() ([]byte, error) {
	body := make(map[string]any, len(s.Attributes)+6)
	for name, value := range s.Attributes {
		body[name] = value
	}
	if len(s.CustomFields) > 0 {
		body["custom_fields"] = s.CustomFields
	}
	if s.GroupIDs == nil {
		s.GroupIDs = []int64{}
	}
	body["email"] = s.Email
	body["status"] = s.Status
	body["group_ids"] = s.GroupIDs
	body["replace_groups"] = s.ReplaceGroups
	body["restore_if_deleted"] = s.RestoreIfDeleted
	return json.Marshal(body)
}

// NewBatch is the body of POST /api_batches.
type NewBatch struct {
	Operations []Operation `json:"operations_attributes"`
}

// Operation is one call that a batch makes for us.
type Operation struct {
	ID     string `json:"operation_id"`
	Method string `json:"request_method"`
	Path   string `json:"request_path"`
	Body   string `json:"request_body"` // JSON inside a string
}

// Batch is a background job. Neither the words of Status nor the shape of an operation's answer are published.
type Batch struct {
	ID         Int      `json:"id"`
	Status     Text     `json:"status"`
	FinishedAt Text     `json:"finished_at"`
	Operations []Result `json:"operations"`
}

// Result is what became of one operation. Code is 0 while that is not known.
type Result struct {
	ID   string
	Code int
	Body json.RawMessage
}

// UnmarshalJSON takes the names under which the code and the body of an answer are likely to come, and a body that is
// JSON or JSON inside a string.
func (r *Result) UnmarshalJSON(raw []byte) error {
	var answer struct {
		ID             Text            `json:"operation_id"`
		ResponseStatus Int             `json:"response_status"`
		ResponseCode   Int             `json:"response_code"`
		StatusCode     Int             `json:"status_code"`
		ResponseBody   json.RawMessage `json:"response_body"`
		Body           json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	r.ID = string(answer.ID)
	r.Code = int(max(answer.ResponseStatus, answer.ResponseCode, answer.StatusCode))
	r.Body = unwrap(answer.ResponseBody)
	if len(r.Body) == 0 {
		r.Body = unwrap(answer.Body)
	}
	return nil
}

func unwrap(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return json.RawMessage(text)
	}
	return raw
}
