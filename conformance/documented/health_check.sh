curl http://localhost:8283/health \
     -H "Authorization: Bearer <token>"
