package api

import (
	"context"
	"net/http"

	"github.com/headwater/headwater/internal/api/openapi"
)

// openAPI answers with the document that describes the routes of this server.
func (s *Server) openAPI(context.Context, *http.Request, []byte) (answer, error) {
	return answer{status: http.StatusOK, body: openapi.Document(s.opts.Version, s.described())}, nil
}

func (s *Server) described() []openapi.Route {
	var list []openapi.Route
	for _, rt := range s.routes() {
		list = append(list, openapi.Route{
			Method: rt.method, Pattern: rt.pattern, About: rt.about, Role: rt.role.String(), TakesBody: rt.takesBody,
			Leader: rt.leader || rt.leaderIf != nil,
		})
	}
	return list
}
