package api

import (
	"context"
	"net/http"

	"github.com/headwater/headwater/internal/api/own"
)

// ClusterOptions are what the API under /headwater/v1 needs; package own says more.
type ClusterOptions = own.Options

// clusterRoutes are Headwater's own calls.
func (s *Server) clusterRoutes() []route {
	calls := own.Calls{Options: s.opts.ClusterOptions, Find: func(r *http.Request) (string, error) {
		name, _, err := s.find(r)
		return name, err
	}}
	var routes []route
	for _, o := range calls.Routes() {
		routes = append(routes, route{
			method: o.Method, pattern: o.Pattern, about: o.About, role: o.Role, leader: o.Leader, takesBody: o.TakesBody,
			run: func(ctx context.Context, r *http.Request, sent []byte) (answer, error) {
				body, err := o.Run(ctx, r, sent)
				return answer{status: http.StatusOK, body: body}, err
			},
		})
	}
	return routes
}
