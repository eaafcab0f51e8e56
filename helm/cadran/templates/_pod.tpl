{{/* Pods: what they have in common, so that no service has less protection than another. */}}

{{/* Placement and identity. Argument: root, values, user; account: one of its own, whose token it gets. */}}
{{- define "cadran.pod.common" -}}
serviceAccountName: {{ default (include "cadran.serviceAccountName" .root) .account }}
automountServiceAccountToken: {{ not (empty .account) }}
enableServiceLinks: false
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- if not (kindIs "invalid" .user) }}
  runAsUser: {{ int64 .user }}
  runAsGroup: {{ int64 .user }}
  fsGroup: {{ int64 .user }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "cadran.container.security" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: ["ALL"]
{{- end }}

{{/* Startup, liveness and readiness over HTTP. Argument: root. */}}
{{- define "cadran.container.probes" -}}
{{- range $kind, $path := dict "startup" "alive" "liveness" "alive" "readiness" "ready" }}
{{ $kind }}Probe:
  httpGet:
    path: /ric/v1/health/{{ $path }}
    port: http
  {{- toYaml (index $.root.Values.probes $kind) | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The pod template of a service. Argument:
root; service; image: its key under `images`; ports: name to number; state: whether it keeps any, on a volume;
redis: whether it needs Redis' password; graceSeconds: longest time it takes to end.
*/}}
{{- define "cadran.pod" -}}
{{- $values := index .root.Values .service -}}
{{- $tls := include "cadran.tlsSecret" . -}}
{{- $secret := ternary (include "cadran.redisSecret" .root) "" (default false .redis) -}}
metadata:
  labels:
    {{- include "cadran.selector" . | nindent 4 }}
  annotations:
    checksum/scenario: {{ include "cadran.scenario" .root | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "cadran.pod.common" (dict "root" .root "values" $values "user" .root.Values.security.user) | nindent 2 }}
  terminationGracePeriodSeconds: {{ .graceSeconds }}
  containers:
    - name: {{ .service }}
      image: {{ include "cadran.image" . | quote }}
      imagePullPolicy: {{ .root.Values.images.pullPolicy }}
      command: ["python", "-m", "cadran.{{ .service }}"]
      {{- include "cadran.container.security" . | nindent 6 }}
      env:
        {{- include (printf "cadran.env.%s" .service) .root | nindent 8 }}
      ports:
        {{- range $name, $port := .ports }}
        - name: {{ $name }}
          containerPort: {{ $port }}
          protocol: TCP
        {{- end }}
      {{- include "cadran.container.probes" . | trim | nindent 6 }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - name: scenario
          mountPath: /etc/cadran
          readOnly: true
        - name: tmp
          mountPath: /tmp
        {{- if .state }}
        - name: state
          mountPath: /var/lib/cadran
        {{- end }}
        {{- if $secret }}
        - name: redis-password
          mountPath: /run/secrets/cadran
          readOnly: true
        {{- end }}
        {{- if and $tls (eq .service "dapp") }}
        {{- /* One secret for all, since a StatefulSet has one template; each pod sees its own files by its name. */}}
        - name: tls
          mountPath: /run/cadran/tls/ca.crt
          subPath: ca.crt
          readOnly: true
        {{- range list "crt" "key" }}
        - name: tls
          mountPath: /run/cadran/tls/tls.{{ . }}
          subPathExpr: $(POD_NAME).{{ . }}
          readOnly: true
        {{- end }}
        {{- else if $tls }}
        - name: tls
          mountPath: /run/cadran/tls
          readOnly: true
        {{- end }}
  volumes:
    - name: scenario
      configMap:
        name: {{ include "cadran.fullname" .root }}-scenario
    - name: tmp
      emptyDir:
        sizeLimit: 256Mi
    {{- if .state }}
    - name: state
      {{- include "cadran.stateVolume" . | nindent 6 }}
    {{- end }}
    {{- if $secret }}
    - name: redis-password
      secret:
        secretName: {{ $secret }}
        defaultMode: 0440
        items:
          - key: {{ .root.Values.redis.password.key }}
            path: redis-password
    {{- end }}
    {{- if $tls }}
    - name: tls
      {{- include "cadran.tlsVolume" . | nindent 6 }}
    {{- end }}
{{- end }}

{{/*
Where a service's certificates are; those of the dApps have the names of their pods. Argument: root, service.
*/}}
{{- define "cadran.tlsVolume" -}}
{{- if and (eq .service "dapp") .root.Values.tls.certManager.enabled -}}
{{- $name := include "cadran.fullname" .root -}}
projected:
  defaultMode: 0440
  sources:
    {{- range $du := until (int .root.Values.dus) }}
    - secret:
        name: {{ $name }}-dapp-{{ $du }}-tls
        items:
          {{- if not $du }}
          - {key: ca.crt, path: ca.crt}
          {{- end }}
          - {key: tls.crt, path: {{ $name }}-dapp-{{ $du }}.crt}
          - {key: tls.key, path: {{ $name }}-dapp-{{ $du }}.key}
    {{- end }}
{{- else -}}
secret:
  secretName: {{ include "cadran.tlsSecret" . }}
  defaultMode: 0440
{{- end }}
{{- end }}

{{/* Where a service's state is. Argument: root, service. */}}
{{- define "cadran.stateVolume" -}}
{{- $persistence := (index .root.Values .service).persistence -}}
{{- if $persistence.enabled -}}
persistentVolumeClaim:
  claimName: {{ default (printf "%s-%s" (include "cadran.fullname" .root) .service) $persistence.existingClaim }}
{{- else -}}
emptyDir: {}
{{- end }}
{{- end }}

{{/* What a claim asks for. Argument: the persistence values. */}}
{{- define "cadran.claim" -}}
accessModes: ["ReadWriteOnce"]
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end }}
