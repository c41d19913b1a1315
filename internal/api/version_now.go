//go:build !next

package api

// nextRoutes are calls that only a later version has: none. The build with the tag next adds one, so that the proofs can run
// two versions side by side.
func (s *Server) nextRoutes() []route { return nil }
