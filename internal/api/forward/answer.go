package forward

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// shape is Connect's error body.
type shape struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

func fail(w http.ResponseWriter, e *Error) {
	body, err := json.Marshal(shape{e.Status, e.Message})
	if err != nil { // a shape of a number and a text always encodes
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(e.Status)
	_, _ = w.Write(body) // the client may have gone
}

// message is what an error's body says.
func (a answer) message() string {
	var s shape
	if err := json.Unmarshal(a.body, &s); err != nil || s.Message == "" {
		return fmt.Sprintf("HTTP %d %s", a.status, http.StatusText(a.status))
	}
	return s.Message
}
