{{/* Objects that several services have. */}}

{{/*
A Service. Its pods are addressed also while they are not ready: ready may mean that the peers have come, who can only
come by this address. Argument: root, service, ports: name to number, headless.
*/}}
{{- define "cadran.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "cadran.metadata" . | nindent 2 }}
spec:
  {{- if .headless }}
  clusterIP: None
  {{- end }}
  publishNotReadyAddresses: true
  selector:
    {{- include "cadran.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := .ports }}
    - name: {{ $name }}
      port: {{ $port }}
      targetPort: {{ $name }}
      protocol: TCP
    {{- end }}
{{- end }}

{{/* A Deployment of one pod that never runs beside its successor. Argument: as of cadran.pod. */}}
{{- define "cadran.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "cadran.metadata" . | nindent 2 }}
spec:
  replicas: 1
  strategy:
    type: Recreate
  selector:
    matchLabels:
      {{- include "cadran.selector" . | nindent 6 }}
  template:
    {{- include "cadran.pod" . | nindent 4 }}
{{- end }}

{{/* The claim of a service's state, which stays when the release is upgraded or removed. Argument: root, service. */}}
{{- define "cadran.stateClaim" -}}
{{- $persistence := (index .root.Values .service).persistence -}}
{{- if and $persistence.enabled (not $persistence.existingClaim) }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "cadran.metadata" . | nindent 2 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  {{- include "cadran.claim" $persistence | nindent 2 }}
{{- end }}
{{- end }}

{{/* Argument: root, service. */}}
{{- define "cadran.podDisruptionBudget" -}}
{{- $budget := (index .root.Values .service).podDisruptionBudget -}}
{{- if $budget.enabled }}
---
apiVersion: {{ include "cadran.policyApiVersion" .root }}
kind: PodDisruptionBudget
metadata:
  {{- include "cadran.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ int $budget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "cadran.selector" . | nindent 6 }}
{{- end }}
{{- end }}
