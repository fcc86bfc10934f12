{{- define "flagd.name" -}}
{{- .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "flagd.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "flagd.redisSyncName" -}}
{{- printf "%s-redis-sync" (include "flagd.fullname" .) -}}
{{- end -}}

{{- define "flagd.selector" -}}
app.kubernetes.io/name: {{ include "flagd.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "flagd.labels" -}}
{{ include "flagd.selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "flagd.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{- define "flagd.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "flagd.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "flagd.authSecret" -}}
{{- with .Values.redis.auth -}}
{{- if .existingSecret -}}
{{- .existingSecret -}}
{{- else if .password -}}
{{- printf "%s-redis" (include "flagd.fullname" $) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The settings of a Redis source that reads its secrets from the mounted files. */}}
{{- define "flagd.redisSource" -}}
{{- $source := dict "provider" "redis" "uri" .Values.redis.uri "interval" .Values.redis.interval -}}
{{- if include "flagd.authSecret" . -}}
{{- $_ := set $source "passwordFile" (printf "/etc/flagd/redis/%s" .Values.redis.auth.passwordKey) -}}
{{- with .Values.redis.auth.usernameKey -}}
{{- $_ := set $source "usernameFile" (printf "/etc/flagd/redis/%s" .) -}}
{{- end -}}
{{- end -}}
{{- if .Values.redis.tls.existingSecret -}}
{{- $_ := set $source "certPath" (printf "/etc/flagd/redis-tls/%s" .Values.redis.tls.caKey) -}}
{{- if .Values.redis.tls.clientCertificate -}}
{{- $_ := set $source "clientCertPath" "/etc/flagd/redis-tls/tls.crt" -}}
{{- $_ := set $source "clientKeyPath" "/etc/flagd/redis-tls/tls.key" -}}
{{- end -}}
{{- end -}}
{{- $source | toJson -}}
{{- end -}}

{{/* The sources of a daemon, as JSON. */}}
{{- define "flagd.sources" -}}
{{- $sources := list -}}
{{- if not .Values.flagd.withoutRedis -}}
{{- if .Values.redisSync.enabled -}}
{{- $upstream := dict "provider" "grpc" "uri" (printf "dns:///%s:8016" (include "flagd.redisSyncName" .)) -}}
{{- if .Values.redisSync.tls.existingSecret -}}
{{- $_ := set $upstream "certPath" "/etc/flagd/redis-sync-tls/ca.crt" -}}
{{- end -}}
{{- $sources = append $sources $upstream -}}
{{- else -}}
{{- $sources = append $sources (include "flagd.redisSource" . | fromJson) -}}
{{- end -}}
{{- end -}}
{{- range .Values.flagd.sources -}}
{{- $sources = append $sources . -}}
{{- end -}}
{{- $sources | toJson -}}
{{- end -}}

{{- define "flagd.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "flagd.containerSecurity" -}}
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: { drop: [ALL] }
{{- end -}}

{{/* dict "root" $ "port" the management port */}}
{{- define "flagd.probes" -}}
{{- $probes := .root.Values.probes -}}
readinessProbe:
  {{- if eq $probes.type "http" }}
  httpGet: { path: /readyz, port: {{ .port }} }
  {{- else }}
  exec: { command: [/flagd, ready, --addr, "localhost:{{ .port }}"] }
  {{- end }}
  {{- toYaml $probes.readiness | nindent 2 }}
livenessProbe:
  {{- if eq $probes.type "http" }}
  httpGet: { path: /healthz, port: {{ .port }} }
  {{- else }}
  exec: { command: [/flagd, health, --addr, "localhost:{{ .port }}"] }
  {{- end }}
  {{- toYaml $probes.liveness | nindent 2 }}
{{- end -}}

{{/* dict "root" $ "component" … */}}
{{- define "flagd.spread" -}}
{{- if .root.Values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- $selector := include "flagd.selector" . }}
  {{- range .root.Values.topologySpread.keys }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Mounts of what a reader of Redis needs. */}}
{{- define "flagd.redisMounts" -}}
{{- if include "flagd.authSecret" . }}
- { name: redis-auth, mountPath: /etc/flagd/redis, readOnly: true }
{{- end }}
{{- if .Values.redis.tls.existingSecret }}
- { name: redis-tls, mountPath: /etc/flagd/redis-tls, readOnly: true }
{{- end }}
{{- end -}}

{{- define "flagd.redisVolumes" -}}
{{- with include "flagd.authSecret" . }}
- name: redis-auth
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- with .Values.redis.tls.existingSecret }}
- name: redis-tls
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- end -}}

{{/* Egress rules. */}}
{{- define "flagd.egressDns" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
{{- end -}}

{{- define "flagd.egressRedis" -}}
- ports:
    {{- range .redisPorts }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
  {{- with .redisTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
