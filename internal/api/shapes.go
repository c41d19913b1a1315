package api

import "github.com/headwater/headwater/internal/api/shape"

// The shapes that the interfaces of this package speak in; package shape says what is in them.
type (
	Connector      = shape.Connector
	Status         = shape.Status
	ConnectorState = shape.ConnectorState
	TaskStatus     = shape.TaskStatus
	Progress       = shape.Progress
	APIProgress    = shape.APIProgress
	QueueProgress  = shape.QueueProgress
	Offset         = shape.Offset
	OffsetChange   = shape.OffsetChange
	Logger         = shape.Logger
	Plugin         = shape.Plugin
	Definition     = shape.Definition
	Value          = shape.Value
	Validated      = shape.Validated
)
