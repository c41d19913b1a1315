package pipeline

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/headwater/headwater/internal/connectjson"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
)

// maxContent is how much of an answer the error topic gets, in bytes.
const maxContent = 8 << 10

// errorRecord is the message to reporter.error.topic.name: a sentence or the answer's body as value, and seven headers
// that are always there, null where nothing is known.
func (p *Pipeline) errorRecord(r fault.Report) record.Message {
	content := r.ResponseContent
	if content != nil {
		short := cut(*content)
		content = &short
	}
	var status *string
	if r.Status != nil {
		text := strconv.Itoa(*r.Status)
		status = &text
	}
	m := record.Message{Topic: p.Config.ErrorTopic, Value: p.errorValue(r, content), Headers: []record.Header{
		header("error_message", &r.Message), header("exception", r.Exception),
		header("response_content", content), header("status_code", status),
		header("payload", r.Payload), header("reason_phrase", r.Reason), header("url", &r.URL),
	}}
	return fit(m, p.ErrorLimit)
}

func header(key string, value *string) record.Header {
	if value == nil {
		return record.Header{Key: key}
	}
	return record.Header{Key: key, Value: []byte(*value)}
}

// errorValue is the sentence of report.errors.as=Error string, or the plain body of http_response.
func (p *Pipeline) errorValue(r fault.Report, content *string) []byte {
	if p.Config.ReportAs == connector.HTTPResponse {
		if content == nil {
			return nil
		}
		return []byte(*content)
	}
	status := "null"
	if r.Status != nil {
		status = strconv.Itoa(*r.Status)
	}
	sentence := fmt.Sprintf("Retry time lapsed, unable to process HTTP request. HTTP Response code: %s, Reason phrase: %s, "+
		"Url: %s, Response content: %s, Exception: %s, Error message: %s",
		status, text(r.Reason), r.URL, text(content), text(r.Exception), r.Message)
	if r.Payload != nil {
		sentence += ", Submitted payload: " + cut(*r.Payload)
	}
	if p.Config.ReportFormat == connector.ReportString {
		return []byte(sentence)
	}
	return connectjson.AppendString(nil, sentence)
}

func text(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// cut shortens s to maxContent bytes at a character's edge.
func cut(s string) string {
	if len(s) <= maxContent {
		return s
	}
	n := maxContent
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// fit shortens an error record that its own topic would refuse: the largest headers go first, then the value.
func fit(m record.Message, limit int) record.Message {
	for i := range m.Headers {
		if m.Size() <= limit {
			return m
		}
		if len(m.Headers[i].Value) > 64 {
			m.Headers[i].Value = m.Headers[i].Value[:64]
		}
	}
	if over := m.Size() - limit; over > 0 {
		m.Value = m.Value[:max(0, len(m.Value)-over)]
	}
	return m
}
