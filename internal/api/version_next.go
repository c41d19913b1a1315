//go:build next

package api

import "github.com/headwater/headwater/internal/api/access"

// nextRoutes are the calls that the present version does not have.
func (s *Server) nextRoutes() []route {
	return []route{{method: "GET", pattern: "/headwater/v1/next", about: "a call of the next version", role: access.Viewer, run: s.root}}
}
