# The server on stdio: docker run --interactive --rm --env EXA_API_KEY ghcr.io/OWNER/websets-events-mcp
# It takes what `npm run build` has left in dist/, which needs no other package. Not built yet where there was an image to begin with.
FROM node:24-alpine
LABEL io.modelcontextprotocol.server.name="io.github.websets-events-mcp/websets-events-mcp" \
      org.opencontainers.image.description="MCP server that lets AI agents follow Exa Websets through their events" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY package.json LICENSE ./
COPY dist dist
USER node
ENTRYPOINT ["node", "/app/dist/cli.js"]
