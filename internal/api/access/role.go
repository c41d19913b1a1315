package access

import "strings"

// Role is what a caller may do. Each role may do what those before it may.
type Role uint8

const (
	// Open is for what anybody may call: health and readiness. As a caller's role it is none at all.
	Open Role = iota
	// Viewer reads.
	Viewer
	// Operator pauses, resumes, stops and restarts, changes offsets and assignments.
	Operator
	// Editor creates connectors and changes their configurations.
	Editor
	// Admin deletes connectors, sets log levels and resets topics.
	Admin
)

var roles = [...]string{"none", "viewer", "operator", "editor", "admin"}

// String returns the name that the properties use; that of Open is none.
func (r Role) String() string {
	if int(r) < len(roles) {
		return roles[r]
	}
	return "none"
}

// ParseRole reads a role's name; case does not matter.
func ParseRole(text string) (Role, bool) {
	for i, name := range roles {
		if strings.EqualFold(text, name) {
			return Role(i), true
		}
	}
	return Open, false
}
