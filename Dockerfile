# The service as one static binary in an empty image.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=development
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /productcache ./cmd/productcache

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /productcache /productcache
USER 65534:65534
EXPOSE 8080
# The admin listener stays inside the container: publish it only with a token.
ENV PRODUCTCACHE_LISTEN=:8080 \
    PRODUCTCACHE_ADMIN_LISTEN=127.0.0.1:8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/productcache", "health"]
ENTRYPOINT ["/productcache"]
